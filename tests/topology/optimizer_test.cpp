// SPDX-License-Identifier: Apache-2.0
#include "driver.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

std::size_t sub_topologies(const std::string& text) {
    std::size_t count = 0;
    for (auto at = text.find("Sub-topology"); at != std::string::npos;
         at = text.find("Sub-topology", at + 1)) {
        ++count;
    }
    return count;
}

void two_aggregates(StreamsBuilder& builder) {
    const auto grouped = builder.stream<Text, Text>("in")
                             .select_key([](const Text& value) { return value; })
                             .group_by_key();
    grouped.count({.store = "counts"});
    grouped.reduce([](const Text&, const Text& b) { return b; }, {.store = "latest"});
}

TEST(MergeRepartitions, MakesOneTopicOfTwoAndKeepsTheFirstName) {
    EXPECT_THAT(described(two_aggregates), HasSubstr("latest-repartition"));

    const std::string optimised = described(two_aggregates, TopologyOptions::optimized());
    EXPECT_THAT(optimised, HasSubstr("topics: [counts-repartition]"));
    EXPECT_THAT(optimised, Not(HasSubstr("latest-repartition")));
    EXPECT_EQ(sub_topologies(optimised), 2U);
}

// Kafka Streams 4.4 cannot build this one.
void two_aggregates_behind_a_filter(StreamsBuilder& builder) {
    const auto filtered =
        builder.stream<Text, Text>("in")
            .map([](const Text& key, const Text& value) { return std::pair(value, key); })
            .filter([](const Text&) { return true; });
    filtered.group_by_key().count({.store = "counts"});
    filtered.group_by_key().reduce([](const Text&, const Text& b) { return b; },
                                   {.store = "latest"});
}

TEST(MergeRepartitions, BuildsTwoGroupingsAfterOneNode) {
    TopologyOptions defects = TopologyOptions::optimized();
    defects.reproduce_kafka_defects = true;
    EXPECT_THROW(described(two_aggregates_behind_a_filter, defects), TopologyError);

    Program run(two_aggregates_behind_a_filter, TopologyOptions::optimized());
    run.pipe("in", "a", "x", 1);
    EXPECT_THAT(run.lines("test-counts-repartition"), ::testing::ElementsAre("x=a@1"));
    EXPECT_EQ(run.driver().store_names().size(), 2U);
}

TEST(MergeRepartitions, KeepsTopicsAfterAChangeOfValues) {
    const auto program = [](StreamsBuilder& builder) {
        const auto keyed =
            builder.stream<Text, Text>("in").select_key([](const Text& value) { return value; });
        keyed.group_by_key().count({.store = "one"});
        keyed.map_values([](const Text& value) { return value + "!"; })
            .group_by_key()
            .count({.store = "two"});
    };

    EXPECT_THAT(described(program, TopologyOptions::optimized()), HasSubstr("two-repartition"));
}

TEST(MergeRepartitions, KeepsTopicsAfterAMergeWhoseFirstStreamChangesValues) {
    const auto program = [](StreamsBuilder& builder) {
        const auto other_key = [](const Text& value) { return value; };
        const auto changed = builder.stream<Text, Text>("in").select_key(other_key).map_values(
            [](const Text& value) { return value + "!"; });
        changed.filter([](const Text& value) { return !value.empty(); })
            .merge(changed.select_key(other_key))
            .group_by_key()
            .count();
    };

    EXPECT_EQ(described(program, TopologyOptions::optimized()), described(program));
}

TEST(SelfJoins, StayLeftJoinsWhenOptimised) {
    const auto program = [](StreamsBuilder& builder) {
        const auto in = builder.stream<MaybeText, Text>("in");
        in.left_join(
              in, [](const Text& a, const Text* b) { return a + (b != nullptr ? *b : "-"); },
              JoinWindows::of(5ms))
            .to("out");
    };
    Program run(program, TopologyOptions::optimized());
    run.pipe("in", std::nullopt, "x", 1);

    EXPECT_THAT(run.lines("out"), ::testing::ElementsAre("-=x-@1")) << "a null key is not lost";
}

TEST(ExplicitNames, AreRequiredForStoresAndRepartitionTopicsIfConfigured) {
    const auto unnamed = [](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in").group_by([](const Text& value) { return value; }).count();
    };
    TopologyOptions strict;
    strict.require_explicit_names = true;

    EXPECT_THAT([&] { described(unnamed, strict); },
                ::testing::ThrowsMessage<TopologyError>(
                    HasSubstr("KSTREAM-AGGREGATE-STATE-STORE-0000000002")));
    EXPECT_NO_THROW(described(two_aggregates, strict));
}

TEST(LeftJoins, KeepNullKeysInUpstreamRepartitionTopics) {
    Program run([](StreamsBuilder& builder) {
        const auto table = builder.table<Text, Text>("table");
        builder.stream<Text, Text>("in")
            .select_key(
                [](const Text& value) { return value == "none" ? std::nullopt : MaybeText(value); })
            .left_join(table, [](const Text& value,
                                 const Text* row) { return value + (row != nullptr ? *row : "-"); })
            .to("out");
    });
    run.pipe("in", "a", "none", 1);

    EXPECT_THAT(run.lines("out"), ::testing::ElementsAre("-=none-@1"));
}

}  // namespace
}  // namespace millrace
