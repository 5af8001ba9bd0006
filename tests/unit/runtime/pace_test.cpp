// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/pace.hpp"

#include <gtest/gtest.h>

namespace millrace::runtime {
namespace {

using namespace std::chrono_literals;

TEST(Pace, GrowsWhileRecordsAreFastUpToALimit) {
    Pace pace;
    EXPECT_EQ(pace.records(), 1U);
    for (int i = 0; i < 20; ++i) {
        pace.took(pace.records(), 1us);
    }
    EXPECT_EQ(pace.records(), 128U);
}

TEST(Pace, ChecksAfterEachRecordWhenTheyAreSlow) {
    Pace pace;
    for (int i = 0; i < 20; ++i) {
        pace.took(pace.records(), 1us);
    }
    pace.took(128, 128 * 20ms);
    EXPECT_EQ(pace.records(), 1U);
    pace.took(1, 20ms);
    EXPECT_EQ(pace.records(), 1U);
}

TEST(Pace, ConvergesToAboutAMillisecond) {
    Pace pace;
    for (int i = 0; i < 50; ++i) {
        pace.took(pace.records(), 100us * static_cast<int>(pace.records()));
    }
    EXPECT_GE(pace.records(), 5U);
    EXPECT_LE(pace.records(), 10U);
}

TEST(Pace, DoesNotGrowWhenThereAreFewRecords) {
    Pace pace;
    pace.took(0, 0us);
    EXPECT_EQ(pace.records(), 1U);
}

}  // namespace
}  // namespace millrace::runtime
