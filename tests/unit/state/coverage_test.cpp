// SPDX-License-Identifier: Apache-2.0
#include "state/memtable/coverage.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <string>

namespace millrace::state {
namespace {

TEST(Coverage, CoversNothingUntilItsStartIsSet) {
    Coverage coverage;
    coverage.uncover("a", 5, 100);
    EXPECT_FALSE(coverage.covers(1000));
    EXPECT_FALSE(coverage.covers("a", 1000));
    coverage.cover_from(10);
    EXPECT_FALSE(coverage.covers("a", 9));
    EXPECT_TRUE(coverage.covers("a", 10));
    EXPECT_TRUE(coverage.covers(10));
}

TEST(Coverage, SeparatesGroupsAndNeverCoversARowThatIsInTheEngineOnly) {
    Coverage coverage;
    coverage.cover_from(0);
    std::map<std::string, std::int64_t> latest;
    std::mt19937 random(11);
    std::int64_t latest_of_all = -1;
    for (int step = 1; step < 3000; ++step) {
        const std::string group = std::to_string(random() % 500);
        const auto time = static_cast<std::int64_t>(step / 2 + random() % 100);
        coverage.uncover(group, time, static_cast<std::size_t>(step));
        latest[group] = std::max(latest[group], time);
        latest_of_all = std::max(latest_of_all, time);
        for (const auto& [one, of_one] : latest) {
            ASSERT_FALSE(coverage.covers(one, of_one));
            ASSERT_TRUE(coverage.covers(one, latest_of_all + 1));
        }
        ASSERT_FALSE(coverage.covers(latest_of_all));
        ASSERT_TRUE(coverage.covers(latest_of_all + 1));
    }
    const auto told_apart = std::count_if(latest.begin(), latest.end(), [&](const auto& group) {
        return coverage.covers(group.first, group.second + 1);
    });
    EXPECT_GT(told_apart, 400);
}

}  // namespace
}  // namespace millrace::state
