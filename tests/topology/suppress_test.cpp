// SPDX-License-Identifier: Apache-2.0
#include "driver.hpp"

#include <gmock/gmock.h>

#include <type_traits>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Property;
using ::testing::Throws;

struct Label {
    template <class W>
    Text operator()(const Windowed<Text, W>& key, const std::int64_t&) const {
        return key.key + std::to_string(milliseconds_of(key.window.start)) + "-" +
               std::to_string(milliseconds_of(key.window.end));
    }
};

template <class Windows>
void final_counts(StreamsBuilder& builder, Windows windows, UntilWindowCloses options = {}) {
    builder.stream<Text, Text>("in")
        .group_by_key()
        .windowed_by(windows)
        .count({.caching = false})
        .suppress(std::move(options))
        .to_stream_by(Label())
        .to("out");
}

void limited(StreamsBuilder& builder, UntilTimeLimit limit) {
    builder.table<Text, Text>("in").suppress(std::move(limit)).to_stream().to("out");
}

TEST(UntilWindowCloses, SendsOneResultAfterTheGrace) {
    Program run(
        [](StreamsBuilder& builder) { final_counts(builder, TimeWindows::of(20ms).grace(10ms)); });
    run.pipe("in", "a", "1", 0);
    run.pipe("in", "a", "2", 19);
    run.pipe("in", "b", "3", 29);
    EXPECT_THAT(run.lines<std::int64_t>("out"), IsEmpty());

    run.pipe("in", "b", "4", 30);
    EXPECT_THAT(run.lines<std::int64_t>("out"), ElementsAre("a0-20=2@19"));
}

TEST(UntilWindowCloses, HasNoNullsInItsStream) {
    StreamsBuilder builder;
    const auto table = builder.stream<Text, Text>("in")
                           .group_by_key()
                           .windowed_by(SessionWindows::of(10ms))
                           .count()
                           .suppress(UntilWindowCloses{});
    static_assert(
        std::is_same_v<decltype(table.to_stream()), KStream<SessionWindowed<Text>, std::int64_t>>);
}

// The session [0, 0] is merged before it has closed.
TEST(UntilWindowCloses, OmitsMergedSessions) {
    Program run([](StreamsBuilder& builder) { final_counts(builder, SessionWindows::of(10ms)); });
    run.pipe("in", "a", "1", 0);
    run.pipe("in", "a", "2", 5);
    run.pipe("in", "b", "3", 100);

    EXPECT_THAT(run.lines<std::int64_t>("out"), ElementsAre("a0-5=2@5"));
}

// A window includes its end, so at 20 one more record may arrive for [10, 20].
TEST(UntilWindowCloses, SendsOneResultForWindowsThatIncludeTheirEnd) {
    const auto program = [](StreamsBuilder& builder) {
        final_counts(builder, SlidingWindows::of(10ms));
    };
    TopologyOptions defects;
    defects.reproduce_kafka_defects = true;
    Program ours(program);
    Program theirs(program, defects);
    for (Program* run : {&ours, &theirs}) {
        run->pipe("in", "a", "1", 20);
        run->pipe("in", "b", "2", 20);
        run->pipe("in", "a", "3", 20);
    }
    EXPECT_THAT(ours.lines<std::int64_t>("out"), IsEmpty());
    EXPECT_THAT(theirs.lines<std::int64_t>("out"),
                ElementsAre("a10-20=1@20", "b10-20=1@20", "a10-20=2@20"));

    ours.pipe("in", "c", "4", 21);
    EXPECT_THAT(ours.lines<std::int64_t>("out"), ElementsAre("a10-20=2@20", "b10-20=1@20"));
}

TEST(UntilWindowCloses, FailsWhenItsBufferIsFull) {
    Program run([](StreamsBuilder& builder) {
        final_counts(builder, TimeWindows::of(20ms).grace(10ms),
                     {.name = "final", .max_records = 1});
    });
    run.pipe("in", "a", "1", 0);

    EXPECT_THAT([&] { run.pipe("in", "b", "2", 0); },
                Throws<Error>(Property(&Error::what, HasSubstr("final"))));
}

TEST(UntilTimeLimit, CountsFromTheFirstChangeAndSendsTheLast) {
    Program run([](StreamsBuilder& builder) { limited(builder, {.limit = 20ms}); });
    run.pipe("in", "a", "1", 0);
    run.pipe("in", "a", "2", 15);
    EXPECT_THAT(run.lines("out"), IsEmpty());

    run.pipe("in", "b", "3", 20);
    EXPECT_THAT(run.lines("out"), ElementsAre("a=2@15"));
}

TEST(UntilTimeLimit, SendsDeletions) {
    Program run([](StreamsBuilder& builder) { limited(builder, {.limit = 20ms}); });
    run.pipe("in", "a", "1", 0);
    run.pipe("in", "a", std::nullopt, 5);
    run.pipe("in", "b", "2", 30);

    EXPECT_THAT(run.lines("out"), ElementsAre("a=-@5"));
}

TEST(UntilTimeLimit, SendsTheOldestChangeWhenItsBufferIsFull) {
    Program run([](StreamsBuilder& builder) { limited(builder, {.limit = 1h, .max_records = 2}); });
    run.pipe("in", "b", "1", 5);
    run.pipe("in", "a", "2", 3);
    run.pipe("in", "c", "3", 9);

    EXPECT_THAT(run.lines("out"), ElementsAre("a=2@3"));
}

TEST(UntilTimeLimit, FailsInsteadIfConfigured) {
    Program run([](StreamsBuilder& builder) {
        limited(builder, {.limit = 1h, .max_bytes = 60, .when_full = WhenFull::kShutDown});
    });
    run.pipe("in", "a", "1", 0);

    EXPECT_THROW(run.pipe("in", "b", "2", 0), Error);
}

TEST(Suppress, HidesBufferedChangesFromLookups) {
    Program run([](StreamsBuilder& builder) {
        const auto left = builder.table<Text, Text>("left").suppress(UntilTimeLimit{.limit = 10ms});
        left.join(builder.table<Text, Text>("right"),
                  [](const Text& l, const Text& r) { return l + r; })
            .to_stream()
            .to("out");
    });
    run.pipe("left", "a", "1", 0);
    run.pipe("left", "x", "-", 10);  // Sends a=1.
    run.pipe("left", "a", "2", 11);
    run.pipe("right", "a", "R", 12);
    EXPECT_THAT(run.lines("out"), ElementsAre("a=1R@12"));

    run.pipe("left", "y", "-", 21);
    EXPECT_THAT(run.lines("out"), ElementsAre("a=2R@12"));
}

TEST(Suppress, IsRefusedDownstreamOfAVersionedTable) {
    StreamsBuilder builder;
    const auto table = builder.table<Text, Text>("in", {.store = "rows", .history = 1h});

    EXPECT_THROW(table.suppress(UntilTimeLimit{.limit = 1s}), TopologyError);
}

TEST(Suppress, IsRefusedWithANegativeLimit) {
    StreamsBuilder builder;
    const auto table = builder.table<Text, Text>("in");

    EXPECT_THROW(table.suppress(UntilTimeLimit{.limit = -1ms}), TopologyError);
}

// The window's size and grace are those of the aggregate, however far upstream it is.
TEST(Suppress, FindsTheCloseOfWindowsThroughOtherVerbs) {
    Program run([](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of(20ms).grace(10ms))
            .count({.caching = false})
            .filter([](std::int64_t n) { return n > 1; })
            .suppress(UntilWindowCloses{})
            .to_stream_by(Label())
            .to("out");
    });
    run.pipe("in", "a", "1", 0);
    run.pipe("in", "a", "2", 1);
    run.pipe("in", "b", "3", 1);
    run.pipe("in", "c", "4", 30);
    EXPECT_THAT(run.lines<std::int64_t>("out"), IsEmpty());

    run.pipe("in", "c", "5", 30);  // The first change with that time that passes the filter.
    EXPECT_THAT(run.lines<std::int64_t>("out"), ElementsAre("a0-20=2@1"));
}

}  // namespace
}  // namespace millrace
