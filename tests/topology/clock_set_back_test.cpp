// SPDX-License-Identifier: Apache-2.0

// The wall clock is set back while a topology runs, as by NTP.
#include "driver.hpp"

#include <gmock/gmock.h>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

template <class W>
Text label(const W& windowed) {
    return windowed.key + std::to_string(milliseconds_of(windowed.window.start));
}

template <class Windows>
void count_on_close(StreamsBuilder& builder, Windows windows) {
    builder.stream<Text, Text>("in")
        .group_by_key()
        .windowed_by(windows)
        .emit_strategy(EmitStrategy::kOnWindowClose)
        .count()
        .to_stream_by([](const auto& window, const auto&) { return label(window); })
        .to("out");
}

template <class Windows>
std::vector<Text> keys_after_a_jump_of_event_time(Windows windows) {
    Program run([&](StreamsBuilder& builder) { count_on_close(builder, windows); });
    run.pipe("in", "a", "1", 0);
    run.driver().advance_wall_clock(-1h);
    run.pipe("in", "b", "2", 1'000'000);  // Past the retention of the first window.
    return run.lines<std::int64_t>("out");
}

TEST(ClockSetBack, LosesNoResultOfAWindow) {
    EXPECT_THAT(keys_after_a_jump_of_event_time(TimeWindows::of(20ms).grace(10ms)),
                ElementsAre("a0=1@0"));
}

TEST(ClockSetBack, LosesNoResultOfASlidingWindow) {
    EXPECT_THAT(keys_after_a_jump_of_event_time(SlidingWindows::of(20ms).grace(10ms)),
                ElementsAre("a0=1@0"));
}

TEST(ClockSetBack, LosesNoResultOfASession) {
    EXPECT_THAT(keys_after_a_jump_of_event_time(SessionWindows::of(20ms).grace(10ms)),
                ElementsAre("a0=1@0"));
}

TEST(ClockSetBack, DoesNotDelayUnmatchedRecordsOfAJoin) {
    Program run([](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in")
            .left_join(
                builder.stream<Text, Text>("other"),
                [](const Text& left, const Text* right) {
                    return left + (right == nullptr ? "-" : *right);
                },
                JoinWindows::of(10ms).grace(0ms))
            .to("out");
    });
    run.pipe("in", "a", "1", 0);
    run.driver().advance_wall_clock(1s);  // How often unmatched records are searched.
    run.pipe("in", "b", "2", 100);
    run.driver().advance_wall_clock(-1h);
    run.pipe("in", "c", "3", 200);

    EXPECT_THAT(run.lines("out"), ElementsAre("a=1-@0", "b=2-@100"));
}

}  // namespace
}  // namespace millrace
