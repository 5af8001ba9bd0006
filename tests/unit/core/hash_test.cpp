// SPDX-License-Identifier: Apache-2.0
#include "core/hash.hpp"

#include <gtest/gtest.h>

#include <string>

namespace millrace {
namespace {

TEST(SameBytes, DistinguishesStringsOfAnySizeByAnyOfTheirBytes) {
    for (std::size_t size = 0; size <= 70; ++size) {
        const std::string one(size, 'a');
        std::string other = one;
        EXPECT_TRUE(same_bytes(one, other));
        EXPECT_FALSE(same_bytes(one, one + 'a'));
        for (char& byte : other) {
            byte = 'b';
            EXPECT_FALSE(same_bytes(one, other)) << size;
            byte = 'a';
        }
    }
}

}  // namespace
}  // namespace millrace
