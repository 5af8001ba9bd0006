// SPDX-License-Identifier: Apache-2.0
#include "driver.hpp"

#include <gmock/gmock.h>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Count, HasTheLatestTimeAndDropsNulls) {
    Program run([](StreamsBuilder& builder) {
        builder.stream<MaybeText, MaybeText>("in").group_by_key().count().to_stream().to("out");
    });
    run.pipe("in", "a", "x", 10);
    run.pipe("in", "a", "x", 5);
    run.pipe("in", "a", std::nullopt, 20);
    run.pipe("in", std::nullopt, "x", 30);

    EXPECT_THAT(run.lines<std::int64_t>("out"), ElementsAre("a=1@10", "a=2@10"));
    EXPECT_EQ(run.driver().dropped_records(), 2U);
}

TEST(Reduce, DeletesTheRowOnNullAndStartsAgain) {
    Program run([](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in")
            .group_by_key()
            .reduce(
                [](const Text& result, const Text& value) -> MaybeText {
                    return value == "drop" ? std::nullopt : MaybeText(result + value);
                },
                {.caching = false})
            .to_stream()
            .to("out");
    });
    run.pipe("in", "a", "p", 10);
    run.pipe("in", "a", "q", 5);
    run.pipe("in", "a", "drop", 7);
    run.pipe("in", "a", "r", 2);

    EXPECT_THAT(run.lines("out"), ElementsAre("a=p@10", "a=pq@10", "a=-@10", "a=r@2"));
}

TEST(Aggregate, PassesTheKeyToAnAggregatorThatAcceptsIt) {
    Program run([](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in")
            .group_by_key()
            .aggregate(Text("<"),
                       [](const Text& key, const Text& so_far, const Text& value) {
                           return so_far + key + value;
                       },
                       {.store = "sums"})
            .to_stream()
            .to("out");
    });
    run.pipe("in", "a", "1", 1);
    run.pipe("in", "a", "2", 2);

    EXPECT_THAT(run.lines("out"), ElementsAre("a=<a1@1", "a=<a1a2@2"));
    EXPECT_EQ(run.lines("test-sums-changelog").size(), 2U);
}

TEST(Aggregate, ForwardsWhenTheCacheFlushes) {
    Program run(
        [](StreamsBuilder& builder) {
            builder.stream<Text, Text>("in")
                .group_by_key()
                .count({.store = "counts"})
                .to_stream()
                .to("out");
        },
        {}, {{"statestore.cache.max.bytes", "1000000"}});
    run.pipe("in", "a", "x", 1);
    run.pipe("in", "a", "x", 2);

    EXPECT_THAT(run.lines<std::int64_t>("out"), ElementsAre("a=1@1", "a=2@2"))
        << "the driver commits after each record";
}

TEST(GroupBy, UsesARepartitionTopicNamedAfterTheStore) {
    Program run([](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in")
            .group_by([](const Text& value) { return value; })
            .count({.store = "counts"})
            .to_stream()
            .to("out");
    });
    run.pipe("in", "k", "w", 3);

    EXPECT_THAT(run.lines("test-counts-repartition"), ElementsAre("w=w@3"));
    EXPECT_THAT(run.lines<std::int64_t>("out"), ElementsAre("w=1@3"));
}

// in   a@0 a@19 | a@20          windows of 20 ms, 15 ms grace
// late a@5 is in time while stream time < 35
TEST(TumblingCount, AcceptsLateRecordsWithinGrace) {
    Program run([](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of(20ms).grace(15ms))
            .count()
            .to_stream_by([](const Windowed<Text>& window, const std::int64_t&) {
                return window.key + std::to_string(milliseconds_of(window.window.start)) + "-" +
                       std::to_string(milliseconds_of(window.window.end));
            })
            .to("out");
    });
    run.pipe("in", "a", "1", 0);
    run.pipe("in", "a", "2", 34);
    run.pipe("in", "a", "3", 5);
    run.pipe("in", "a", "4", 35);
    run.pipe("in", "a", "5", 6);

    EXPECT_THAT(run.lines<std::int64_t>("out"),
                ElementsAre("a0-20=1@0", "a20-40=1@34", "a0-20=2@5", "a20-40=2@35"));
    EXPECT_EQ(run.driver().dropped_records(), 1U);
}

TEST(HoppingReduce, UpdatesEveryWindowOfARecord) {
    Program run([](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of(10ms).advance_by(5ms))
            .reduce([](const Text& a, const Text& b) { return a + b; })
            .to_stream_by([](const Windowed<Text>& window, const Text&) {
                return std::to_string(milliseconds_of(window.window.start));
            })
            .to("out");
    });
    run.pipe("in", "a", "p", 4);
    run.pipe("in", "a", "q", 7);

    EXPECT_THAT(run.lines("out"), ElementsAre("0=p@4", "0=pq@7", "5=q@7"));
}

TEST(WindowedSink, PartitionsByTheInnerKeyAndWritesItWithTheStart) {
    Program run([](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of(10ms))
            .count()
            .to_stream()
            .to("out");
    });
    run.pipe("in", "a", "x", 12);

    const auto records =
        run.driver().output_topic<Windowed<Text>, std::int64_t>("out").drain_records();
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].key.key, "a");
    EXPECT_EQ(records[0].key.window.start, timestamp_of(10));
}

TEST(WindowedBy, RefusesARetentionShorterThanTheWindow) {
    StreamsBuilder builder;
    const auto grouped = builder.stream<Text, Text>("in").group_by_key();

    EXPECT_THAT(
        [&] { grouped.windowed_by(TimeWindows::of(10ms).grace(5ms)).count({.retention = 14ms}); },
        ::testing::ThrowsMessage<TopologyError>(HasSubstr("raise the retention")));
}

}  // namespace
}  // namespace millrace
