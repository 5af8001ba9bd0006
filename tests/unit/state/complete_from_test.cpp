// SPDX-License-Identifier: Apache-2.0
#include "state/memtable/complete_from.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <string>

namespace millrace::state {
namespace {

TEST(CompleteFrom, CoversNothingUntilItsStartIsSet) {
    CompleteFrom complete;
    complete.exclude("a", 5, 100);
    EXPECT_FALSE(complete.covers(1000));
    EXPECT_FALSE(complete.covers("a", 1000));
    complete.set(10);
    EXPECT_FALSE(complete.covers("a", 9));
    EXPECT_TRUE(complete.covers("a", 10));
    EXPECT_TRUE(complete.covers(10));
}

TEST(CompleteFrom, DoesNotCoverARowOfTheLastPossibleTime) {
    constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();
    CompleteFrom complete;
    complete.set(0);
    complete.exclude("a", kLast, 1);
    EXPECT_FALSE(complete.covers(kLast));
    EXPECT_FALSE(complete.covers("a", kLast));
}

TEST(CompleteFrom, SeparatesGroupsAndNeverCoversARowThatIsInTheEngineOnly) {
    CompleteFrom complete;
    complete.set(0);
    std::map<std::string, std::int64_t> latest;
    std::mt19937 random(11);
    std::int64_t latest_of_all = -1;
    for (int step = 1; step < 3000; ++step) {
        const std::string group = std::to_string(random() % 500);
        const auto time = static_cast<std::int64_t>(step / 2 + random() % 100);
        complete.exclude(group, time, static_cast<std::size_t>(step));
        latest[group] = std::max(latest[group], time);
        latest_of_all = std::max(latest_of_all, time);
        for (const auto& [one, of_one] : latest) {
            ASSERT_FALSE(complete.covers(one, of_one));
            ASSERT_TRUE(complete.covers(one, latest_of_all + 1));
        }
        ASSERT_FALSE(complete.covers(latest_of_all));
        ASSERT_TRUE(complete.covers(latest_of_all + 1));
    }
    const auto told_apart = std::count_if(latest.begin(), latest.end(), [&](const auto& group) {
        return complete.covers(group.first, group.second + 1);
    });
    EXPECT_GT(told_apart, 400);
}

}  // namespace
}  // namespace millrace::state
