// SPDX-License-Identifier: Apache-2.0
#include "client/periodic_jobs.hpp"

#include "millrace/core/logging.hpp"
#include "support/settable_clock.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

namespace millrace::client {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

class PeriodicJobsTest : public ::testing::Test {
  protected:
    ~PeriodicJobsTest() override { set_log_sink(nullptr); }

    int run_for(std::chrono::milliseconds time) {
        const int before = runs;
        for (auto passed = 0ms; passed < time; passed += 1ms) {
            clock.advance(1ms);
            jobs.run_once(clock.now());
        }
        return runs - before;
    }

    support::SettableClock clock;
    PeriodicJobs jobs{clock};
    int runs = 0;
};

TEST_F(PeriodicJobsTest, RunFirstAfterTheirIntervalAndThenAtEachOne) {
    jobs.run_once(clock.now());
    jobs.add("count", 10ms, [this] { ++runs; });
    jobs.run_once(clock.now());
    EXPECT_EQ(runs, 0);
    EXPECT_EQ(run_for(9ms), 0);
    EXPECT_EQ(run_for(1ms), 1);
    EXPECT_EQ(run_for(100ms), 10);
}

TEST_F(PeriodicJobsTest, TellTheTimeUntilTheNextOne) {
    EXPECT_EQ(jobs.run_once(clock.now()), Driven::kUntilWoken);
    jobs.add("count", 10ms, [this] { ++runs; });
    jobs.add("purge", 30s, [] {});
    clock.advance(8ms);
    EXPECT_EQ(jobs.run_once(clock.now()), 2ms);
    clock.advance(2ms);
    EXPECT_EQ(jobs.run_once(clock.now()), 10ms);
}

TEST_F(PeriodicJobsTest, FollowTimeThatPassesAndNotTheWallClock) {
    jobs.add("count", 10ms, [this] { ++runs; });
    clock.set_back(1h);
    EXPECT_EQ(run_for(10ms), 1);
}

TEST_F(PeriodicJobsTest, ThatFailAreLoggedAndRunAgainAndStopNoOthers) {
    std::vector<std::string> logged;
    set_log_sink([&](LogLevel, std::string_view text) { logged.emplace_back(text); });
    jobs.add("purge", 10ms, [] { throw std::runtime_error("no cluster"); });
    jobs.add("count", 10ms, [this] { ++runs; });
    EXPECT_EQ(run_for(20ms), 2);
    const std::string line = "cannot purge, retrying later: no cluster";
    EXPECT_THAT(logged, ElementsAre(line, line));
}

}  // namespace
}  // namespace millrace::client
