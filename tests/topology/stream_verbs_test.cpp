// SPDX-License-Identifier: Apache-2.0
#include "driver.hpp"

#include <gmock/gmock.h>

namespace millrace {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Filter, KeepsNullsForAStreamWhoseTypesHaveThem) {
    Program run([](StreamsBuilder& builder) {
        builder.stream<MaybeText, MaybeText>("in")
            .filter([](const MaybeText& value) { return !value || *value != "no"; })
            .to("out");
    });
    run.pipe("in", "a", "yes", 1);
    run.pipe("in", std::nullopt, std::nullopt, 2);
    run.pipe("in", "a", "no", 3);

    EXPECT_THAT(run.lines("out"), ElementsAre("a=yes@1", "-=-@2"));
}

TEST(Source, DropsAndCountsNullsOfTypesThatDoNotAllowThem) {
    Program run([](StreamsBuilder& builder) { builder.stream<Text, Text>("in").to("out"); });
    run.pipe("in", std::nullopt, "1", 1);
    run.pipe("in", "a", std::nullopt, 2);
    run.pipe("in", "a", "3", 3);

    EXPECT_THAT(run.lines("out"), ElementsAre("a=3@3"));
    EXPECT_EQ(run.driver().dropped_records(), 2U);
}

TEST(Verbs, SendRecordsDepthFirstInTheOrderWritten) {
    Program run([](StreamsBuilder& builder) {
        const auto in = builder.stream<Text, Text>("in");
        const auto doubled = in.flat_map_values(
            [](const Text& value) { return std::vector<Text>{value + "1", value + "2"}; });
        doubled.map_values([](const Text& key, const Text& value) { return key + value; })
            .to("out");
        doubled.select_key([](const Text& value) { return value; }).to("out");
        in.map([](const Text& key, const Text& value) { return std::pair(value, key); }).to("out");
    });
    run.pipe("in", "k", "v", 7);

    EXPECT_THAT(run.lines("out"), ElementsAre("k=kv1@7", "v1=v1@7", "k=kv2@7", "v2=v2@7", "v=k@7"));
}

TEST(Split, SendsARecordToTheFirstMatchingBranch) {
    Program run([](StreamsBuilder& builder) {
        auto branches = builder.stream<Text, Text>("in")
                            .split({.name = "cut-"})
                            .branch([](const Text& value) { return value < "m"; }, {.name = "low"})
                            .branch([](const Text& value) { return value < "z"; })
                            .otherwise();
        branches.at("cut-low").to("low");
        branches.at("cut-2").to("middle");
        branches.at("cut-0").to("rest");
    });
    run.pipe("in", "k", "a", 1);
    run.pipe("in", "k", "n", 2);
    run.pipe("in", "k", "z", 3);

    EXPECT_THAT(run.lines("low"), ElementsAre("k=a@1"));
    EXPECT_THAT(run.lines("middle"), ElementsAre("k=n@2"));
    EXPECT_THAT(run.lines("rest"), ElementsAre("k=z@3"));
}

TEST(To, ChoosesATopicForEachRecord) {
    Program run([](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in").to(
            [](const Text& key, const Text&, const RecordContextView& context) {
                return context.topic + "-" + key;
            });
    });
    run.pipe("in", "a", "1", 1);
    run.pipe("in", "b", "2", 2);

    EXPECT_THAT(run.lines("in-a"), ElementsAre("a=1@1"));
    EXPECT_THAT(run.lines("in-b"), ElementsAre("b=2@2"));
}

TEST(To, DropsRecordsWithoutAPartition) {
    Program run([](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in").to(
            "out", {.partitioner = [](const std::string&, const Text& key, const Text&, Partition) {
                return std::optional(key == "a" ? std::vector<Partition>{}
                                                : std::vector<Partition>{0});
            }});
    });
    run.pipe("in", "a", "1", 1);
    run.pipe("in", "b", "2", 2);

    EXPECT_THAT(run.lines("out"), ElementsAre("b=2@2"));
    EXPECT_EQ(run.driver().dropped_records(), 1U);
}

TEST(Repartition, DropsNullKeysSilently) {
    Program run([](StreamsBuilder& builder) {
        builder.stream<MaybeText, MaybeText>("in").repartition({.name = "by-hand"}).to("out");
    });
    run.pipe("in", std::nullopt, "1", 1);
    run.pipe("in", "a", std::nullopt, 2);

    EXPECT_THAT(run.lines("out"), ElementsAre("a=-@2"));
    EXPECT_EQ(run.driver().dropped_records(), 0U);
    EXPECT_THAT(run.lines("test-by-hand-repartition"), ElementsAre("a=-@2"));
}

TEST(TimestampExtractor, DropsRecordsWithANegativeResult) {
    Program run([](StreamsBuilder& builder) {
        builder
            .stream<Text, Text>("in", {.timestamp =
                                           [](const ConsumedRecord<Text, Text>& record, Timestamp) {
                                               return timestamp_of(std::stoll(record.value));
                                           }})
            .to("out");
    });
    run.pipe("in", "a", "5", 100);
    run.pipe("in", "a", "-1", 100);

    EXPECT_THAT(run.lines("out"), ElementsAre("a=5@5"));
}

TEST(TimestampPolicy, FallsBackToThePartitionTime) {
    Program run([](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in", {.timestamp = TimestampPolicy::kUsePartitionTime})
            .to("out");
    });
    run.pipe("in", "a", "1", 9);
    run.pipe("in", "a", "2", -1);

    EXPECT_THAT(run.lines("out"), ElementsAre("a=1@9", "a=2@9"));
}

TEST(StreamsBuilder, RefusesOverlappingSetsOfTopics) {
    StreamsBuilder builder;
    builder.stream<Text, Text>({"a", "b"}).to("out");
    builder.stream<Text, Text>({"b", "c"}).to("out");

    EXPECT_THAT([&] { std::move(builder).build(); },
                ::testing::ThrowsMessage<TopologyError>(::testing::HasSubstr("overlapping")));
}

TEST(StreamsBuilder, CannotBeExtendedAfterTheBuild) {
    StreamsBuilder builder;
    const auto in = builder.stream<Text, Text>("in");
    const Topology topology = std::move(builder).build();

    EXPECT_THROW(in.to("out"), TopologyError);
}

}  // namespace
}  // namespace millrace
