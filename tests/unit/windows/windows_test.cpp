// SPDX-License-Identifier: Apache-2.0
#include "millrace/core/error.hpp"
#include "millrace/windows/join_windows.hpp"
#include "millrace/windows/session_windows.hpp"
#include "millrace/windows/sliding_windows.hpp"
#include "millrace/windows/time_windows.hpp"

#include <gmock/gmock.h>

#include <vector>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

template <class Windows>
std::vector<std::int64_t> starts(const Windows& windows, std::int64_t time) {
    std::vector<std::int64_t> found;
    windows.for_each_window(timestamp_of(time), [&](const Window& window) {
        found.push_back(milliseconds_of(window.start));
    });
    return found;
}

TEST(TimeWindows, TumbleFromTheEpoch) {
    EXPECT_THAT(starts(TimeWindows::of(10ms), 0), ElementsAre(0));
    EXPECT_THAT(starts(TimeWindows::of(10ms), 19), ElementsAre(10));
    EXPECT_THAT(starts(TimeWindows::of(10ms), 20), ElementsAre(20));
}

TEST(TimeWindows, HopAndAreFewerNearZero) {
    const auto windows = TimeWindows::of(30ms).advance_by(10ms);
    EXPECT_THAT(starts(windows, 5), ElementsAre(0));
    EXPECT_THAT(starts(windows, 29), ElementsAre(0, 10, 20));
    EXPECT_THAT(starts(windows, 30), ElementsAre(10, 20, 30));
}

TEST(TimeWindows, HopUnevenly) {
    const auto windows = TimeWindows::of(10ms).advance_by(7ms);
    EXPECT_THAT(starts(windows, 8), ElementsAre(0, 7));
    EXPECT_THAT(starts(windows, 12), ElementsAre(7));
}

TEST(TimeWindows, RefuseImpossibleNumbers) {
    EXPECT_THROW(TimeWindows::of(0ms), TopologyError);
    EXPECT_THROW(TimeWindows::of(10ms).advance_by(11ms), TopologyError);
    EXPECT_THROW(TimeWindows::of(10ms).advance_by(0ms), TopologyError);
    EXPECT_THROW(TimeWindows::of(10ms).grace(-1ms), TopologyError);
}

TEST(UnlimitedWindows, HoldEverythingFromTheirStart) {
    const auto windows = UnlimitedWindows::of().start_on(timestamp_of(5));
    EXPECT_THAT(starts(windows, 4), IsEmpty());
    EXPECT_THAT(starts(windows, 1'000'000), ElementsAre(5));
}

TEST(JoinWindows, MayMoveButNotEndBeforeTheyStart) {
    EXPECT_EQ(JoinWindows::of(20ms).before(-5ms).size(), 15ms);
    EXPECT_THROW(JoinWindows::of(5ms).before(-10ms), TopologyError);
    EXPECT_EQ(JoinWindows::of(10ms).grace(5ms).retention(), 25ms);
}

TEST(SlidingAndSessionWindows, KeepTheirStoresLongEnough) {
    EXPECT_EQ(SlidingWindows::of(10ms).grace(5ms).default_retention(), 25ms);
    EXPECT_EQ(SessionWindows::of(10ms).grace(5ms).default_retention(), 15ms);
    EXPECT_THROW(SessionWindows::of(0ms), TopologyError);
}

}  // namespace
}  // namespace millrace
