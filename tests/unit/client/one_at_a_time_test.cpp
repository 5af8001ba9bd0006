// SPDX-License-Identifier: Apache-2.0
#include "client/one_at_a_time.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <thread>
#include <vector>

namespace millrace::client {
namespace {

TEST(OneAtATime, ACallDuringTheWorkRunsItAgain) {
    OneAtATime turns;
    int depth = 0;
    int deepest = 0;
    int times = 0;
    const std::function<void()> work = [&] {
        deepest = std::max(deepest, ++depth);
        if (++times < 3) {
            turns.run(work);
        }
        --depth;
    };

    turns.run(work);

    EXPECT_EQ(times, 3);
    EXPECT_EQ(deepest, 1);
}

TEST(OneAtATime, TheLastRunSeesChangesBeforeTheLastCall) {
    constexpr int kThreads = 4;
    constexpr int kCalls = 2'000;
    OneAtATime turns;
    std::atomic<int> value{0};
    std::atomic<int> at_work{0};
    std::atomic<bool> overlapped{false};
    int seen = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&] {
            for (int call = 0; call < kCalls; ++call) {
                ++value;
                turns.run([&] {
                    overlapped = overlapped || at_work.fetch_add(1) > 0;
                    seen = value;
                    --at_work;
                });
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }

    EXPECT_EQ(seen, kThreads * kCalls);
    EXPECT_FALSE(overlapped);
}

}  // namespace
}  // namespace millrace::client
