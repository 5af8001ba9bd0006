// SPDX-License-Identifier: Apache-2.0
#include "millrace/core/error.hpp"
#include "millrace/detail/core/saturating.hpp"
#include "millrace/windows/join_windows.hpp"
#include "millrace/windows/session_windows.hpp"
#include "millrace/windows/sliding_windows.hpp"
#include "millrace/windows/time_windows.hpp"

#include <gmock/gmock.h>

#include <limits>
#include <vector>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

std::vector<std::int64_t> starts(const TimeWindows& windows, std::int64_t time) {
    std::vector<std::int64_t> found;
    windows.for_each_window(timestamp_of(time), [&](const Window& window) {
        EXPECT_LT(window.start, window.end);
        found.push_back(milliseconds_of(window.start));
    });
    return found;
}

TEST(TimeLimits, StopSumsAndDifferences) {
    using detail::saturating_add;
    using detail::saturating_subtract;
    EXPECT_EQ(saturating_add(kMax, std::int64_t{1}), kMax);
    EXPECT_EQ(saturating_add(kMin, std::int64_t{-1}), kMin);
    EXPECT_EQ(saturating_add(kMax, kMin), -1);
    EXPECT_EQ(saturating_add(std::int64_t{1}, kMax - 1), kMax);
    EXPECT_EQ(saturating_subtract(kMin, std::int64_t{1}), kMin);
    EXPECT_EQ(saturating_subtract(kMax, std::int64_t{-1}), kMax);
    EXPECT_EQ(saturating_subtract(std::int64_t{0}, kMin), kMax);
    EXPECT_EQ(saturating_subtract(std::int64_t{-1}, kMax), kMin);
    EXPECT_EQ(saturating_add(timestamp_of(kMax - 5), 5ms), timestamp_of(kMax));
    EXPECT_EQ(saturating_subtract(timestamp_of(3), 5ms), timestamp_of(-2));
}

TEST(TimeLimits, EndTheLastTumblingWindow) {
    EXPECT_THAT(starts(TimeWindows::of(1ms), kMax - 1), ElementsAre(kMax - 1));
    EXPECT_THAT([] { starts(TimeWindows::of(1ms), kMax); },
                ThrowsMessage<Error>(AllOf(HasSubstr("timestamp " + std::to_string(kMax)),
                                           HasSubstr("window size 1 ms"))));
}

TEST(TimeLimits, EndTheLastHoppingWindows) {
    const auto windows = TimeWindows::of(2ms).advance_by(1ms);
    EXPECT_THAT(starts(windows, kMax - 2), ElementsAre(kMax - 3, kMax - 2));
    EXPECT_THROW(starts(windows, kMax - 1), Error);
    EXPECT_THROW(starts(windows, kMax), Error);
}

TEST(TimeLimits, AllowOneWindowOfTheLargestSize) {
    const auto windows = TimeWindows::of(milliseconds::max());
    EXPECT_THAT(starts(windows, 0), ElementsAre(0));
    EXPECT_THAT(starts(windows, kMax - 1), ElementsAre(0));
    EXPECT_THROW(starts(windows, kMax), Error);
}

TEST(TimeLimits, HaveNoWindowsBeforeTheEpoch) {
    EXPECT_THAT(starts(TimeWindows::of(10ms), -1), IsEmpty());
    EXPECT_THAT(starts(TimeWindows::of(10ms), kMin), IsEmpty());
}

TEST(TimeLimits, AreTheLongestRetention) {
    const auto longest = milliseconds::max();
    EXPECT_EQ(TimeWindows::of(1ms).grace(longest).default_retention(), longest);
    EXPECT_EQ(SessionWindows::of(1ms).grace(longest).default_retention(), longest);
    EXPECT_EQ(SlidingWindows::of(longest).default_retention(), longest);
    EXPECT_EQ(JoinWindows::of(longest).grace(longest).retention(), longest);
    EXPECT_EQ(JoinWindows::of(longest).before(1ms).size(), longest);
}

}  // namespace
}  // namespace millrace
