// SPDX-License-Identifier: Apache-2.0
#include "driver.hpp"

#include <gmock/gmock.h>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Text text_of(const Text* value) {
    return value != nullptr ? *value : "null";
}

TEST(StreamTableJoin, SeesTheCurrentTable) {
    Program run([](StreamsBuilder& builder) {
        const auto table = builder.table<Text, Text>("table");
        builder.stream<Text, Text>("in")
            .join(table, [](const Text& value, const Text& row) { return value + "+" + row; })
            .to("out");
    });
    run.pipe("in", "a", "1", 1);
    run.pipe("table", "a", "A", 50);
    run.pipe("in", "a", "2", 2);
    run.pipe("table", "a", std::nullopt, 51);
    run.pipe("in", "a", "3", 3);

    EXPECT_THAT(run.lines("out"), ElementsAre("a=2+A@2"));
}

TEST(StreamTableLeftJoin, PassesANullPointerForNoMatchAndForNoKey) {
    Program run([](StreamsBuilder& builder) {
        const auto table = builder.table<Text, Text>("table");
        builder.stream<MaybeText, MaybeText>("in")
            .left_join(table, [](const Text& value,
                                 const Text* row) { return value + "+" + text_of(row); })
            .to("out");
    });
    run.pipe("in", "a", "1", 1);
    run.pipe("in", std::nullopt, "2", 2);
    run.pipe("in", "a", std::nullopt, 3);

    EXPECT_THAT(run.lines("out"), ElementsAre("a=1+null@1", "-=2+null@2"));
    EXPECT_EQ(run.driver().dropped_records(), 1U);
}

TEST(GlobalTableJoin, LooksUpTheSelectedKey) {
    Program run([](StreamsBuilder& builder) {
        const auto table = builder.global_table<Text, Text>("global");
        builder.stream<Text, Text>("in")
            .join(
                table, [](const Text& value) { return value; },
                [](const Text& value, const Text& row) { return value + "+" + row; })
            .to("out");
    });
    run.pipe("global", "x", "X", 1);
    run.pipe("in", "a", "x", 2);
    run.pipe("in", "a", "y", 3);

    EXPECT_THAT(run.lines("out"), ElementsAre("a=x+X@2"));
}

// left   a1@0          b2@1
// right         a3@10
TEST(StreamJoin, JoinsEachPairOnceAtTheLaterTime) {
    Program run([](StreamsBuilder& builder) {
        builder.stream<Text, Text>("left")
            .join(
                builder.stream<Text, Text>("right"),
                [](const Text& left, const Text& right) { return left + "+" + right; },
                JoinWindows::of(10ms).grace(20ms))
            .to("out");
    });
    run.pipe("left", "a", "1", 0);
    run.pipe("left", "b", "2", 1);
    run.pipe("right", "a", "3", 10);
    run.pipe("right", "a", "4", 11);
    run.pipe("left", "a", "5", 21);

    EXPECT_THAT(run.lines("out"), ElementsAre("a=1+3@10", "a=5+4@21"));
}

void outer_join(StreamsBuilder& builder) {
    builder.stream<Text, Text>("left")
        .outer_join(
            builder.stream<Text, Text>("right"),
            [](const Text* left, const Text* right) {
                return text_of(left) + "+" + text_of(right);
            },
            JoinWindows::of(10ms).grace(20ms))
        .to("out");
}

/// Unmatched records are searched at every record.
const std::map<std::string, std::string> kLooksAtOnce{
    {"__emit.interval.ms.kstreams.outer.join.spurious.results.fix__", "0"}};

TEST(StreamOuterJoin, SendsUnmatchedRecordsOfBothSidesWhenTheirWindowHasClosed) {
    Program run(outer_join, {}, kLooksAtOnce);
    run.pipe("left", "b", "1", 5);
    run.pipe("right", "c", "2", 5);
    run.pipe("left", "d", "3", 35);
    EXPECT_THAT(run.lines("out"), IsEmpty()) << "5 + 10 + 20 is not before 35";
    run.pipe("left", "d", "4", 36);

    EXPECT_THAT(run.lines("out"), ElementsAre("c=null+2@5", "b=1+null@5")) << "right before left";
}

TEST(StreamOuterJoin, SearchesAgainWhenTheRowThatStoppedTheSearchHasClosed) {
    Program run(outer_join, {}, kLooksAtOnce);
    run.pipe("left", "d", "1", 1);
    run.pipe("right", "d", "2", 2);
    run.pipe("left", "b", "3", 10);
    run.pipe("right", "a", "4", 12);
    run.pipe("right", "a", "5", 12);
    run.pipe("left", "c", "6", 20);
    run.pipe("left", "e", "7", 32);  // The search: 10 and 12 are open. 12 has two records.
    EXPECT_THAT(run.lines("out"), ElementsAre("d=1+2@2"));
    run.pipe("left", "f", "8", 43);

    EXPECT_THAT(run.lines("out"), ElementsAre("b=3+null@10", "a=null+4@12", "a=null+5@12"));
}

TEST(SelfJoin, GivesTheSameResultsFromOneStoreWhenOptimised) {
    const auto program = [](StreamsBuilder& builder) {
        const auto in = builder.stream<Text, Text>("in");
        in.join(
              in, [](const Text& a, const Text& b) { return a + "+" + b; },
              JoinWindows::of(8ms).grace(10ms))
            .to("out");
    };
    Program plain(program);
    Program optimised(program, TopologyOptions::optimized());
    for (Program* run : {&plain, &optimised}) {
        run->pipe("in", "a", "1", 10);
        run->pipe("in", "a", "2", 15);
        run->pipe("in", "a", "3", 12);
    }

    EXPECT_EQ(plain.driver().store_names().size(), 2U);
    EXPECT_EQ(optimised.driver().store_names().size(), 1U);
    const auto expected = plain.lines("out");
    EXPECT_THAT(expected, Not(IsEmpty()));
    EXPECT_EQ(optimised.lines("out"), expected);
}

TEST(TableJoin, SendsDeletionsOfExistingRows) {
    Program run([](StreamsBuilder& builder) {
        const auto left = builder.table<Text, Text>("left");
        const auto right = builder.table<Text, Text>("right");
        left.join(right, [](const Text& a, const Text& b) { return a + "+" + b; })
            .to_stream()
            .to("inner");
        left.left_join(right, [](const Text& a, const Text* b) { return a + "+" + text_of(b); })
            .to_stream()
            .to("left-out");
        left.outer_join(right,
                        [](const Text* a, const Text* b) { return text_of(a) + "+" + text_of(b); })
            .to_stream()
            .to("outer");
    });
    run.pipe("left", "a", "1", 1);
    run.pipe("right", "a", "2", 5);
    run.pipe("left", "a", std::nullopt, 3);
    run.pipe("right", "a", std::nullopt, 4);

    EXPECT_THAT(run.lines("inner"), ElementsAre("a=1+2@5", "a=-@5"));
    EXPECT_THAT(run.lines("left-out"), ElementsAre("a=1+null@1", "a=1+2@5", "a=-@5"));
    EXPECT_THAT(run.lines("outer"), ElementsAre("a=1+null@1", "a=1+2@5", "a=null+2@5", "a=-@4"));
}

TEST(StreamTableJoin, RefusesGraceForATableWithoutVersions) {
    StreamsBuilder builder;
    const auto table = builder.table<Text, Text>("table");
    const auto in = builder.stream<Text, Text>("in");

    EXPECT_THAT(
        [&] {
            in.join(table, [](const Text& value, const Text&) { return value; }, {.grace = 10ms});
        },
        ::testing::ThrowsMessage<TopologyError>(HasSubstr("needs a versioned table")));
}

TEST(StreamJoin, RefusesStoresThatDoNotFitTheWindow) {
    StreamsBuilder builder;
    const auto left = builder.stream<Text, Text>("left");
    const auto right = builder.stream<Text, Text>("right");
    const auto plus = [](const Text& a, const Text& b) { return a + b; };

    EXPECT_THAT(
        [&] {
            left.join(
                right, plus, JoinWindows::of(10ms).grace(20ms),
                {.this_store = stores::in_memory_window_store("this", 39ms, 20ms, true).spec});
        },
        ::testing::ThrowsMessage<TopologyError>(HasSubstr("join store this")));
}

}  // namespace
}  // namespace millrace
