// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/setbacks.hpp"

#include <gtest/gtest.h>

namespace millrace::runtime {
namespace {

using namespace std::chrono_literals;

TEST(Setbacks, IncreaseTheBackoffUpToALimit) {
    Setbacks setbacks(1h);
    EXPECT_FALSE(setbacks.pausing(0s));
    EXPECT_TRUE(setbacks.add(0s));
    EXPECT_EQ(setbacks.resume_at(), 100ms);
    EXPECT_TRUE(setbacks.add(0s));
    EXPECT_EQ(setbacks.resume_at(), 200ms);
    for (int i = 0; i < 20; ++i) {
        EXPECT_TRUE(setbacks.add(0s));
    }
    EXPECT_EQ(setbacks.resume_at(), 5s);
}

TEST(Setbacks, FailWhenNothingHasSucceededForTooLong) {
    Setbacks setbacks(1min);
    EXPECT_TRUE(setbacks.add(10s));
    EXPECT_TRUE(setbacks.add(69s));
    EXPECT_FALSE(setbacks.add(70s));
}

TEST(Setbacks, StartAgainAfterASuccess) {
    Setbacks setbacks(1min);
    EXPECT_TRUE(setbacks.add(10s));
    setbacks.succeeded(11s);
    EXPECT_TRUE(setbacks.add(1h));
    EXPECT_EQ(setbacks.resume_at(), 1h + 100ms);
}

}  // namespace
}  // namespace millrace::runtime
