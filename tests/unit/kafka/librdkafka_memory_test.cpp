// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <librdkafka/rdkafka.h>

#include <malloc.h>
#include <cstddef>
#include <cstdlib>

namespace millrace::kafka {
namespace {

constexpr std::size_t kSize = std::size_t{64} * 1024;

// How much more memory the system's allocator has allocated after `allocate`.
template <class Allocate, class Free>
std::size_t taken_from_the_system(Allocate allocate, Free free) {
    const std::size_t before = mallinfo2().uordblks;
    void* const memory = allocate(kSize);
    const std::size_t after = mallinfo2().uordblks;
    free(memory);
    return after - before;
}

TEST(LibrdkafkaMemory, IsSeparateFromThatOfTheApplication) {
#ifndef MILLRACE_LIBRDKAFKA_HAS_JEMALLOC
    GTEST_SKIP() << "built without MILLRACE_JEMALLOC, or with sanitizers";
#endif
    EXPECT_EQ(
        taken_from_the_system([](std::size_t size) { return rd_kafka_mem_malloc(nullptr, size); },
                              [](void* memory) { rd_kafka_mem_free(nullptr, memory); }),
        0U);
    EXPECT_GE(taken_from_the_system([](std::size_t size) { return std::malloc(size); },
                                    [](void* memory) { std::free(memory); }),
              kSize);
}

}  // namespace
}  // namespace millrace::kafka
