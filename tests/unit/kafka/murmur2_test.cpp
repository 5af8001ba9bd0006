// SPDX-License-Identifier: Apache-2.0
#include "kafka/murmur2.hpp"

#include "millrace/core/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace millrace::kafka {
namespace {

using std::string_literals::operator""s;

/// The results of Apache Kafka 4.3.0 for these keys.
struct Recorded {
    std::string key;
    std::int32_t hash;
    std::array<Partition, 5> partitions;  // Of 1, 3, 4, 12 and 100.
};

const std::vector<Recorded>& recorded() {
    static const std::vector<Recorded> cases{
        {"", 275646681, {0, 0, 1, 9, 81}},
        {"a", -1563381124, {0, 1, 0, 4, 24}},
        {"ab", 316155434, {0, 2, 2, 2, 34}},
        {"abc", 479470107, {0, 0, 3, 3, 7}},
        {"abcd", -1323649548, {0, 2, 0, 8, 0}},
        {"abcde", 461995741, {0, 1, 1, 1, 41}},
        {"key-1", 193331640, {0, 0, 0, 0, 40}},
        {"\xc3\xa9", 186971271, {0, 0, 3, 3, 71}},
        {"longer key with spaces in it", 1713873864, {0, 0, 0, 0, 64}},
        {"\xf7\x8a\xfe\x0d\xe1\xbb\xe7\xae\x28\xc0\x45", 1036201279, {0, 1, 3, 7, 79}},
        {"\xdc\x0b", -1716173915, {0, 0, 1, 9, 33}},
        {"\x83\xb8\x96\x70\xd6\xd9\xf9", 735298657, {0, 1, 1, 1, 57}},
        {"\x01\x00\xaa\x4a\x52\xcc\x32\x38\x8c\x08\x2a\xf3\xd5\xd7\x8b\x98\xbc\xc0\x0b\xd2"s,
         -536258679,
         {0, 2, 1, 5, 69}},
    };
    return cases;
}

TEST(Murmur2, EqualsKafkasHash) {
    for (const auto& expected : recorded()) {
        EXPECT_EQ(static_cast<std::int32_t>(murmur2(expected.key)), expected.hash)
            << "key of " << expected.key.size() << " bytes: " << expected.key;
    }
}

TEST(Murmur2, ChoosesKafkasPartitionForAKey) {
    constexpr std::array<Partition, 5> kCounts{1, 3, 4, 12, 100};
    for (const auto& expected : recorded()) {
        std::array<Partition, 5> chosen{};
        for (std::size_t i = 0; i < kCounts.size(); ++i) {
            chosen[i] = partition_for_key(expected.key, kCounts[i]);
        }
        EXPECT_THAT(chosen, testing::ElementsAreArray(expected.partitions)) << expected.key;
    }
}

TEST(Murmur2, RefusesATopicWithoutPartitions) {
    EXPECT_THROW(partition_for_key("a", 0), InternalError);
}

}  // namespace
}  // namespace millrace::kafka
