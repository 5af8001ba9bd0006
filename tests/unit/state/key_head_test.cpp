// SPDX-License-Identifier: Apache-2.0
#include "state/engine/key_head.hpp"

#include "millrace/core/error.hpp"
#include "state/format/window_key.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace millrace::state {
namespace {

// Few letters and many lengths, so that prefixes and suffixes are often equal.
std::vector<Bytes> keys() {
    std::mt19937 random(7);
    std::vector<Bytes> keys{Bytes()};
    for (int at = 0; at < 300; ++at) {
        Bytes key;
        for (auto size = random() % 30; size > 0; --size) {
            key.push_back("\0\x01\x7f\xff"[random() % 4]);
        }
        keys.push_back(key);
        keys.push_back(key.substr(0, key.size() / 2));
    }
    return keys;
}

TEST(KeyHead, ComparesLikeTheKeysOrIsInconclusive) {
    int told_apart = 0;
    for (const Bytes& one : keys()) {
        for (const Bytes& other : keys()) {
            const auto order = KeyHead(one) <=> KeyHead(other);
            if (order != 0) {
                ++told_apart;
                ASSERT_EQ(order < 0, BytesView(one) < BytesView(other));
            }
        }
    }
    EXPECT_GT(told_apart, 100'000);
}

TEST(KeyHead, IsEqualForKeysWithACommonPrefix) {
    const Bytes begin(24, 'k');
    EXPECT_EQ(KeyHead(begin + "1"), KeyHead(begin + "2"));
    EXPECT_EQ(KeyHead("k"), KeyHead(BytesView("k\0", 2)));
}

TEST(LeadingNumber, AcceptsKeysOfAnyLength) {
    EXPECT_EQ(leading_number(""), 0U);
    EXPECT_EQ(leading_number("\x01\x02"), 0x0102'0000'0000'0000U);
    EXPECT_EQ(leading_number("\x01\x02\x03\x04\x05\x06\x07\x08\x09"), 0x0102'0304'0506'0708U);
}

TEST(NumbersInKeys, HaveFourOrEightBytes) {
    Bytes bytes;
    append_big_endian(0x0102030405060708U, 8, bytes);
    append_big_endian(0x090a0b0cU, 4, bytes);
    EXPECT_EQ(bytes, "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c");
    EXPECT_EQ(read_big_endian(BytesView(bytes).substr(0, 8)), 0x0102030405060708U);
    EXPECT_EQ(read_big_endian(BytesView(bytes).substr(8)), 0x090a0b0cU);
    EXPECT_THROW(read_big_endian(BytesView(bytes).substr(9)), InternalError);
}

}  // namespace
}  // namespace millrace::state
