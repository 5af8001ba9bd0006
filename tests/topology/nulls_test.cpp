// SPDX-License-Identifier: Apache-2.0

// How each verb handles a null key and a null value: the table in docs/operations.md.
#include "driver.hpp"

#include <gmock/gmock.h>

namespace millrace {
namespace {

using namespace std::chrono_literals;

using Lines = std::vector<std::string>;

Text text_of(const Text* value) {
    return value != nullptr ? *value : "null";
}

struct Expected {
    Lines null_key{};
    Lines null_value{};
    std::uint64_t dropped = 0;  ///< Of the two.
};

/// Pipes null=y@20 and a=null@30 into topic "in", after a=x@10; "table" has a=row.
template <class F>
void expect_of_nulls(F program, const Expected& expected) {
    Program run(program);
    try {
        run.pipe("table", "a", "row", 5);
    } catch (const Error&) {
        // The topology has no such topic.
    }
    run.pipe("in", "a", "x", 10);
    run.lines("out");

    run.pipe("in", std::nullopt, "y", 20);
    EXPECT_EQ(run.lines("out"), expected.null_key) << "null key";
    run.pipe("in", "a", std::nullopt, 30);
    EXPECT_EQ(run.lines("out"), expected.null_value) << "null value";
    EXPECT_EQ(run.driver().dropped_records(), expected.dropped);
}

KStream<MaybeText, MaybeText> input(StreamsBuilder& builder) {
    return builder.stream<MaybeText, MaybeText>("in");
}

Text both(const Text& left, const Text* right) {
    return left + "+" + text_of(right);
}

TEST(Nulls, PassThroughStatelessVerbs) {
    expect_of_nulls(
        [](StreamsBuilder& builder) {
            input(builder)
                .filter([](const MaybeText&, const MaybeText&) { return true; })
                .map_values([](const MaybeText& value) { return value; })
                .peek([](const MaybeText&, const MaybeText&) {})
                .to("out");
        },
        {.null_key = {"-=y@20"}, .null_value = {"a=-@30"}});
}

TEST(Nulls, AreDroppedAndCountedByASourceWhoseTypesDoNotAllowThem) {
    expect_of_nulls([](StreamsBuilder& builder) { builder.stream<Text, Text>("in").to("out"); },
                    {.dropped = 2});
}

TEST(Nulls, AreDroppedAndCountedByAggregations) {
    expect_of_nulls(
        [](StreamsBuilder& builder) {
            input(builder)
                .group_by_key()
                .reduce([](const Text& result, const Text& value) { return result + value; })
                .to_stream()
                .to("out");
        },
        {.dropped = 2});
}

TEST(Nulls, OfKeysAreDroppedByWindowsAndOfValuesCounted) {
    expect_of_nulls(
        [](StreamsBuilder& builder) {
            input(builder)
                .group_by_key()
                .windowed_by(TimeWindows::of(1s).grace(0ms))
                .count()
                .to_stream_by(
                    [](const Windowed<Text>& window, const std::int64_t&) { return window.key; })
                .map_values([](const std::int64_t& count) { return std::to_string(count); })
                .to("out");
        },
        {.null_value = {"a=2@30"}, .dropped = 1});
}

TEST(Nulls, OfKeysAreDroppedByTablesAndOfValuesDeleteTheRow) {
    expect_of_nulls(
        [](StreamsBuilder& builder) {
            builder.table<Text, Text>("in", {.store = "rows"}).to_stream().to("out");
        },
        {.null_value = {"a=-@30"}, .dropped = 1});
}

TEST(Nulls, AreDroppedByAStreamTableJoin) {
    expect_of_nulls(
        [](StreamsBuilder& builder) {
            input(builder)
                .join(builder.table<Text, Text>("table"),
                      [](const Text& left, const Text& right) { return left + right; })
                .to("out");
        },
        {.dropped = 2});
}

TEST(Nulls, OfKeysMatchNothingInAStreamTableLeftJoin) {
    expect_of_nulls(
        [](StreamsBuilder& builder) {
            input(builder).left_join(builder.table<Text, Text>("table"), both).to("out");
        },
        {.null_key = {"-=y+null@20"}, .dropped = 1});
}

TEST(Nulls, AreDroppedByAStreamStreamJoin) {
    expect_of_nulls(
        [](StreamsBuilder& builder) {
            input(builder)
                .join(
                    builder.stream<MaybeText, MaybeText>("other"),
                    [](const Text& left, const Text& right) { return left + right; },
                    JoinWindows::of(10ms).grace(0ms))
                .to("out");
        },
        {.dropped = 2});
}

TEST(Nulls, OfKeysMatchNothingInAStreamStreamLeftJoin) {
    expect_of_nulls(
        [](StreamsBuilder& builder) {
            input(builder)
                .left_join(builder.stream<MaybeText, MaybeText>("other"), both,
                           JoinWindows::of(1s).grace(0ms))
                .to("out");
        },
        {.null_key = {"-=y+null@20"}, .dropped = 1});
}

TEST(Nulls, OfKeysAreDroppedSilentlyBeforeARepartitionTopic) {
    expect_of_nulls([](StreamsBuilder& builder) { input(builder).repartition().to("out"); },
                    {.null_value = {"a=-@30"}});
}

}  // namespace
}  // namespace millrace
