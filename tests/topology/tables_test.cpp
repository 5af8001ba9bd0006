// SPDX-License-Identifier: Apache-2.0
#include "driver.hpp"

#include <gmock/gmock.h>

namespace millrace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Table, WithoutAStoreForwardsEveryChange) {
    Program run(
        [](StreamsBuilder& builder) { builder.table<Text, Text>("in").to_stream().to("out"); });
    run.pipe("in", "a", "1", 5);
    run.pipe("in", "a", std::nullopt, 3);
    run.pipe("in", std::nullopt, "2", 4);

    EXPECT_THAT(run.lines("out"), ElementsAre("a=1@5", "a=-@3"));
    EXPECT_THAT(run.driver().store_names(), IsEmpty());
}

TEST(Table, UsesItsTopicAsChangelogWhenOptimised) {
    const auto program = [](StreamsBuilder& builder) {
        builder.table<Text, Text>("in", {.store = "rows"}).to_stream().to("out");
    };
    Program plain(program);
    plain.pipe("in", "a", "1", 5);
    Program optimised(program, TopologyOptions::optimized());
    optimised.pipe("in", "a", "1", 5);

    EXPECT_THAT(plain.driver().produced_topics(), ElementsAre("out", "test-rows-changelog"));
    EXPECT_THAT(optimised.driver().produced_topics(), ElementsAre("out"));
}

TEST(TableFilter, SendsTombstonesForUnseenRowsOnlyWithoutAnUpstreamStore) {
    const auto starts_with_p = [](const Text& value) { return value.starts_with("p"); };
    Program unstored([&](StreamsBuilder& builder) {
        builder.table<Text, Text>("in").filter(starts_with_p).to_stream().to("out");
    });
    Program stored([&](StreamsBuilder& builder) {
        builder.table<Text, Text>("in", {.store = "rows"})
            .filter(starts_with_p)
            .to_stream()
            .to("out");
    });
    for (Program* run : {&unstored, &stored}) {
        run->pipe("in", "a", "q", 1);
        run->pipe("in", "a", "p", 2);
        run->pipe("in", "a", "q", 3);
    }

    EXPECT_THAT(unstored.lines("out"), ElementsAre("a=-@1", "a=p@2", "a=-@3"));
    EXPECT_THAT(stored.lines("out"), ElementsAre("a=p@2", "a=-@3"));
}

TEST(TableMapValues, IsNotCalledForDeletedRowsAndMayDeleteSome) {
    Program run([](StreamsBuilder& builder) {
        builder.table<Text, Text>("in")
            .map_values([](const Text& value) {
                return value == "x" ? std::nullopt : MaybeText(value + "!");
            })
            .to_stream()
            .to("out");
    });
    run.pipe("in", "a", "1", 1);
    run.pipe("in", "a", std::nullopt, 2);
    run.pipe("in", "a", "x", 3);

    EXPECT_THAT(run.lines("out"), ElementsAre("a=1!@1", "a=-@2", "a=-@3"));
}

TEST(TableGroupBy, SubtractsFromTheOldGroupAndAddsToTheNew) {
    Program run([](StreamsBuilder& builder) {
        builder.table<Text, Text>("in")
            .group_by([](const Text& value) { return std::pair(value.substr(0, 1), value); })
            .count()
            .to_stream()
            .to("out");
    });
    run.pipe("in", "a", "p1", 1);
    run.pipe("in", "a", "p2", 2);
    run.pipe("in", "a", "q1", 3);
    run.pipe("in", "a", std::nullopt, 4);

    EXPECT_THAT(run.lines<std::int64_t>("out"),
                ElementsAre("p=1@1", "p=1@2", "p=0@3", "q=1@3", "q=0@4"))
        << "within one group, old and new value travel together";
}

TEST(TableGroupBy, AggregatesWithAdderAndSubtractor) {
    Program run([](StreamsBuilder& builder) {
        builder.table<Text, Text>("in")
            .group_by([](const Text& value) { return std::pair(Text("all"), value); })
            .aggregate(
                Text("0"), [](const Text& sum, const Text& value) { return sum + "+" + value; },
                [](const Text& sum, const Text& value) { return sum + "-" + value; })
            .to_stream()
            .to("out");
    });
    run.pipe("in", "a", "1", 1);
    run.pipe("in", "a", "2", 2);

    EXPECT_THAT(run.lines("out"), ElementsAre("all=0+1@1", "all=0+1-1+2@2"));
}

TEST(ToTable, DropsNullKeysAndDeletesRowsOnNullValues) {
    Program run([](StreamsBuilder& builder) {
        builder.stream<MaybeText, MaybeText>("in")
            .to_table({.store = "rows"})
            .to_stream()
            .to("out");
    });
    run.pipe("in", "a", "1", 1);
    run.pipe("in", std::nullopt, "2", 2);
    run.pipe("in", "a", std::nullopt, 3);

    EXPECT_THAT(run.lines("out"), ElementsAre("a=1@1", "a=-@3"));
    EXPECT_EQ(run.driver().dropped_records(), 1U);
}

TEST(Table, CannotBeReadFromATopicThatIsStreamed) {
    StreamsBuilder builder;
    builder.stream<Text, Text>("in").to("out");
    builder.table<Text, Text>("in").to_stream().to("out2");

    EXPECT_THAT([&] { std::move(builder).build(); },
                ::testing::ThrowsMessage<TopologyError>(HasSubstr("topic in is read by source")));
}

}  // namespace
}  // namespace millrace
