// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/restart_backoff.hpp"

#include <gtest/gtest.h>

namespace millrace::runtime {
namespace {

using namespace std::chrono_literals;

TEST(RestartBackoff, IncreaseTheBackoffUpToALimit) {
    RestartBackoff backoff(1h);
    EXPECT_FALSE(backoff.pausing(0s));
    EXPECT_TRUE(backoff.add(0s));
    EXPECT_EQ(backoff.resume_at(), 100ms);
    EXPECT_TRUE(backoff.add(0s));
    EXPECT_EQ(backoff.resume_at(), 200ms);
    for (int i = 0; i < 20; ++i) {
        EXPECT_TRUE(backoff.add(0s));
    }
    EXPECT_EQ(backoff.resume_at(), 5s);
}

TEST(RestartBackoff, FailWhenNothingHasSucceededForTooLong) {
    RestartBackoff backoff(1min);
    EXPECT_TRUE(backoff.add(10s));
    EXPECT_TRUE(backoff.add(69s));
    EXPECT_FALSE(backoff.add(70s));
}

TEST(RestartBackoff, StartAgainAfterASuccess) {
    RestartBackoff backoff(1min);
    EXPECT_TRUE(backoff.add(10s));
    backoff.succeeded(11s);
    EXPECT_TRUE(backoff.add(1h));
    EXPECT_EQ(backoff.resume_at(), 1h + 100ms);
}

}  // namespace
}  // namespace millrace::runtime
