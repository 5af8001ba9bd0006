// SPDX-License-Identifier: Apache-2.0
#include "driver.hpp"

#include <gmock/gmock.h>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Text label(const Windowed<Text>& window) {
    return window.key + std::to_string(milliseconds_of(window.window.start)) + "-" +
           std::to_string(milliseconds_of(window.window.end));
}

template <class Windows>
void count_on_close(StreamsBuilder& builder, Windows windows) {
    builder.stream<Text, Text>("in")
        .group_by_key()
        .windowed_by(windows)
        .emit_strategy(EmitStrategy::kOnWindowClose)
        .count()
        .to_stream_by(
            [](const Windowed<Text>& window, const std::int64_t&) { return label(window); })
        .to("out");
}

// windows of 20 ms, 10 ms grace: [0, 20) closes at 30
TEST(EmitOnClose, SendsEachWindowOnceWhenItHasClosed) {
    Program run([](StreamsBuilder& builder) {
        count_on_close(builder, TimeWindows::of(20ms).grace(10ms));
    });
    run.pipe("in", "b", "1", 3);
    run.pipe("in", "a", "2", 0);
    run.pipe("in", "a", "3", 29);
    EXPECT_THAT(run.lines<std::int64_t>("out"), IsEmpty());
    run.pipe("in", "c", "4", 30);

    EXPECT_THAT(run.lines<std::int64_t>("out"), ElementsAre("a0-20=1@0", "b0-20=1@3"));
}

TEST(EmitOnClose, LosesNoWindowWhenTimeJumps) {
    const auto program = [](StreamsBuilder& builder) {
        count_on_close(builder, TimeWindows::of(20ms).grace(10ms));
    };
    TopologyOptions defects;
    defects.reproduce_kafka_defects = true;
    Program kept(program);
    Program lost(program, defects);
    for (Program* run : {&kept, &lost}) {
        run->pipe("in", "a", "1", 5);
        run->pipe("in", "a", "2", 1000);
    }

    EXPECT_THAT(kept.lines<std::int64_t>("out"), ElementsAre("a0-20=1@5"));
    EXPECT_THAT(lost.lines<std::int64_t>("out"), IsEmpty());
}

// difference 10: windows [t-10, t] and [t+1, t+11]
TEST(Sliding, CountsRecordsAtMostTheDifferenceApart) {
    Program run([](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in")
            .group_by_key()
            .windowed_by(SlidingWindows::of(10ms).grace(50ms))
            .count({.caching = false})
            .to_stream_by(
                [](const Windowed<Text>& window, const std::int64_t&) { return label(window); })
            .to("out");
    });
    run.pipe("in", "a", "1", 20);
    EXPECT_THAT(run.lines<std::int64_t>("out"), ElementsAre("a10-20=1@20"));

    run.pipe("in", "a", "2", 25);
    EXPECT_THAT(run.lines<std::int64_t>("out"), ElementsAre("a21-31=1@25", "a15-25=2@25"));

    run.pipe("in", "a", "3", 22);
    EXPECT_THAT(run.lines<std::int64_t>("out"),
                ElementsAre("a21-31=2@25", "a15-25=3@25", "a12-22=2@22", "a23-33=1@25"));
}

TEST(Sliding, AssignsAllEarlyRecordsToOneFirstWindow) {
    Program run([](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in")
            .group_by_key()
            .windowed_by(SlidingWindows::of(10ms))
            .reduce([](const Text& a, const Text& b) { return a + b; }, {.caching = false})
            .to_stream_by([](const Windowed<Text>& window, const Text&) { return label(window); })
            .to("out");
    });
    run.pipe("in", "a", "x", 3);
    run.pipe("in", "a", "y", 8);

    EXPECT_THAT(run.lines("out"), ElementsAre("a0-10=x@3", "a4-14=y@8", "a0-10=xy@8"));
}

TEST(Sliding, EmitsOnCloseWithInclusiveEnds) {
    Program run([](StreamsBuilder& builder) {
        count_on_close(builder, SlidingWindows::of(10ms).grace(5ms));
    });
    run.pipe("in", "a", "1", 20);
    run.pipe("in", "b", "2", 25);
    EXPECT_THAT(run.lines<std::int64_t>("out"), IsEmpty()) << "20 is not before 25 - 5";
    run.pipe("in", "b", "3", 26);

    EXPECT_THAT(run.lines<std::int64_t>("out"), ElementsAre("a10-20=1@20"));
}

}  // namespace
}  // namespace millrace
