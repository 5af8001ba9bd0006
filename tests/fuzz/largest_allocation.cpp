// SPDX-License-Identifier: Apache-2.0
#include "largest_allocation.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <new>

namespace {

std::atomic<std::size_t> limit{std::numeric_limits<std::size_t>::max()};

void* allocate(std::size_t size) {
    if (size > limit.load(std::memory_order_relaxed)) {
        std::fprintf(stderr, "expected: no allocation of %zu bytes\n", size);
        std::abort();
    }
    void* const memory = std::malloc(size == 0 ? 1 : size);
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
    return memory;
}

}  // namespace

namespace millrace::fuzz {

void limit_allocations(std::size_t bytes) noexcept {
    limit.store(bytes, std::memory_order_relaxed);
}

}  // namespace millrace::fuzz

// The array and nothrow forms of the standard library call these.
void* operator new(std::size_t size) {
    return allocate(size);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
