// SPDX-License-Identifier: Apache-2.0
#include "topology/semantics/timelines.hpp"

#include <gmock/gmock.h>

namespace millrace::semantics {
namespace {

void stream_stream(StreamsBuilder& builder) {
    const auto left = builder.stream<Text, Text>("left");
    const auto right = builder.stream<Text, Text>("right");
    const auto joined = left.join(
        right, [](const Text& a, const Text& b) { return a + "+" + b; },
        JoinWindows::of(10ms).grace(5ms));
    joined.to("out");
}

void stream_stream_left(StreamsBuilder& builder) {
    const auto left = builder.stream<MaybeText, MaybeText>("left");
    const auto right = builder.stream<MaybeText, MaybeText>("right");
    const auto joined = left.left_join(
        right, [](const Text& a, const Text* b) { return a + "+" + show(b); },
        JoinWindows::of(10ms).grace(5ms));
    joined.to("out");
}

void stream_stream_outer(StreamsBuilder& builder) {
    const auto left = builder.stream<Text, Text>("left");
    const auto right = builder.stream<Text, Text>("right");
    const auto joined = left.outer_join(
        right, [](const Text* a, const Text* b) { return show(a) + "+" + show(b); },
        JoinWindows::of(10ms).grace(5ms));
    joined.to("out");
}

void right_after_left(StreamsBuilder& builder) {
    const auto left = builder.stream<Text, Text>("left");
    const auto right = builder.stream<Text, Text>("right");
    const auto joined = left.join(
        right, [](const Text& a, const Text& b) { return a + "+" + b; },
        JoinWindows::of(0ms).after(10ms).grace(5ms));
    joined.to("out");
}

void stream_table(StreamsBuilder& builder) {
    const auto stream = builder.stream<Text, Text>("in");
    const auto table = builder.table<Text, Text>("table");
    const auto joined =
        stream.join(table, [](const Text& value, const Text& row) { return value + "+" + row; });
    joined.to("out");
}

Text plus(const Text& value, const Text& row) {
    return value + "+" + row;
}

void stream_versioned_table(StreamsBuilder& builder) {
    const auto stream = builder.stream<Text, Text>("in");
    const auto table = builder.table<Text, Text>("table", {.store = "rows", .history = 50ms});
    stream.join(table, plus).to("out");
}

void stream_versioned_table_grace(StreamsBuilder& builder) {
    const auto stream = builder.stream<Text, Text>("in");
    const auto table = builder.table<Text, Text>("table", {.store = "rows", .history = 50ms});
    const auto joined = stream.join(table, plus, {.grace = 10ms});
    joined.to("out");
}

void table_table(StreamsBuilder& builder) {
    const auto left = builder.table<Text, Text>("left");
    const auto right = builder.table<Text, Text>("right");
    const auto joined = left.join(right, [](const Text& a, const Text& b) { return a + "+" + b; });
    joined.to_stream().to("out");
}

void table_table_left(StreamsBuilder& builder) {
    const auto left = builder.table<Text, Text>("left");
    const auto right = builder.table<Text, Text>("right");
    const auto joined =
        left.left_join(right, [](const Text& a, const Text* b) { return a + "+" + show(b); });
    joined.to_stream().to("out");
}

void table_table_outer(StreamsBuilder& builder) {
    const auto left = builder.table<Text, Text>("left");
    const auto right = builder.table<Text, Text>("right");
    const auto joined = left.outer_join(
        right, [](const Text* a, const Text* b) { return show(a) + "+" + show(b); });
    joined.to_stream().to("out");
}

void foreign_key(StreamsBuilder& builder) {
    const auto orders = builder.table<Text, Text>("orders");  // order -> customer
    const auto customers = builder.table<Text, Text>("customers");
    const auto joined = orders.join(
        customers, [](const Text& customer) { return customer; },
        [](const Text& customer, const Text& name) { return customer + ":" + name; });
    joined.to_stream().to("out");
}

TEST(SemanticsOfJoins, AreAsDocumented) {
    expect_page("joins", {{"stream-stream", stream_stream},
                          {"stream-stream-left", stream_stream_left},
                          {"stream-stream-outer", stream_stream_outer},
                          {"right-after-left", right_after_left},
                          {"stream-table", stream_table},
                          {"stream-versioned-table", stream_versioned_table},
                          {"stream-versioned-table-grace", stream_versioned_table_grace},
                          {"table-table", table_table},
                          {"table-table-left", table_table_left},
                          {"table-table-outer", table_table_outer},
                          {"foreign-key", foreign_key}});
}

}  // namespace
}  // namespace millrace::semantics
