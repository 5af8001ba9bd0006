// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/offset_metadata.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

// 02 | 00 00 00 00 00 00 04 d2
TEST(OffsetMetadata, IsVersionAndPartitionTimeWhenThereAreNoProcessorTimes) {
    EXPECT_EQ(encode(timestamp_of(1234), {}), "AgAAAAAAAATS");
}

// 02 | 00 00 00 00 00 00 04 d2 | 00 00 00 01 | 00 00 00 05 "store" | 00 00 00 00 00 00 00 07
TEST(OffsetMetadata, AppendsProcessorTimesByStore) {
    EXPECT_EQ(encode(timestamp_of(1234), {{"store", timestamp_of(7)}}),
              "AgAAAAAAAATSAAAAAQAAAAVzdG9yZQAAAAAAAAAH");
}

TEST(OffsetMetadata, ReadsWhatItWrote) {
    const auto read = decode_offset_metadata(encode(
        timestamp_of(-1), {{"a", timestamp_of(1)}, {"bc", timestamp_of(1'700'000'000'000)}}));

    EXPECT_EQ(read.partition_time, kNoTimestamp);
    EXPECT_THAT(read.processor_times, ElementsAre(Pair("a", timestamp_of(1)),
                                                  Pair("bc", timestamp_of(1'700'000'000'000))));
}

// 01 | 00 00 00 00 00 00 04 d2
TEST(OffsetMetadata, ReadsTheFirstVersion) {
    EXPECT_EQ(decode_offset_metadata("AQAAAAAAAATS").partition_time, timestamp_of(1234));
}

TEST(OffsetMetadata, IgnoresUnknownFormats) {
    for (const char* text : {"", "hello", "Ag==", "AwAAAAAAAATS", "AgAAAAAAAATSAAAAAQ==", "!!!!"}) {
        const auto read = decode_offset_metadata(text);
        EXPECT_EQ(read.partition_time, kNoTimestamp) << text;
        EXPECT_THAT(read.processor_times, IsEmpty()) << text;
    }
}

}  // namespace
}  // namespace millrace::runtime
