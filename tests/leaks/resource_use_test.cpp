// SPDX-License-Identifier: Apache-2.0
#include "leaks/resource_use.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <fstream>
#include <memory>
#include <vector>

namespace millrace::support {
namespace {

constexpr std::size_t kCycles = 10;

TEST(UseByCycle, SeesMemoryThatEachCycleKeeps) {
    if (ResourceUse::now().bytes == 0) {
        GTEST_SKIP() << "the allocator of a sanitizer does not report its use";
    }
    UseByCycle use;
    std::vector<std::unique_ptr<char[]>> kept(kCycles);
    for (auto& memory : kept) {
        memory = std::make_unique<char[]>(1024);
        use.add();
    }

    EXPECT_NE(use.why_not_flat({.bytes = 0, .bytes_per_cycle = 512}), "");
    EXPECT_EQ(use.why_not_flat({.bytes = 0, .bytes_per_cycle = 2048}), "");
}

TEST(UseByCycle, SeesDescriptorsThatEachCycleLeavesOpen) {
    UseByCycle use;
    std::vector<std::ifstream> open(kCycles);
    for (auto& file : open) {
        file.open("/dev/null");
        use.add();
    }

    EXPECT_NE(use.why_not_flat({.bytes = std::size_t{1} << 20}), "");
}

}  // namespace
}  // namespace millrace::support
