// SPDX-License-Identifier: Apache-2.0
#include "topology/semantics/timelines.hpp"

#include <gmock/gmock.h>

namespace millrace::semantics {
namespace {

void table_from_topic(StreamsBuilder& builder) {
    const auto rows = builder.table<Text, Text>("in", {.store = "rows"});
    rows.to_stream().to("out");
}

void versioned_table(StreamsBuilder& builder) {
    const auto rows = builder.table<Text, Text>("in", {.store = "rows", .history = 50ms});
    rows.to_stream().to("out");
}

bool is_large(const Text& value) {
    return value.size() > 2;
}

void filter_without_store(StreamsBuilder& builder) {
    const auto rows = builder.table<Text, Text>("in");
    rows.filter(is_large).to_stream().to("out");
}

void filter_above_store(StreamsBuilder& builder) {
    const auto rows = builder.table<Text, Text>("in", {.store = "rows"});
    rows.filter(is_large).to_stream().to("out");
}

void group_by_owner(StreamsBuilder& builder) {
    const auto accounts = builder.table<Text, Text>("in");  // account -> owner
    const auto by_owner =
        accounts.group_by([](const Text& owner) { return std::pair(owner, Text("one")); });
    by_owner.count()
        .to_stream()
        .map_values(
            [](const std::optional<std::int64_t>& count) { return count ? show(*count) : "-"; })
        .to("out");
}

void sum_by_adding_and_subtracting(StreamsBuilder& builder) {
    const auto rows = builder.table<Text, Text>("in");
    const auto history =
        rows.group_by([](const Text& value) { return std::pair(Text("all"), value); })
            .aggregate(
                Text("0"), [](const Text& sum, const Text& value) { return sum + "+" + value; },
                [](const Text& sum, const Text& value) { return sum + "-" + value; });
    history.to_stream().to("out");
}

TEST(SemanticsOfTables, AreAsDocumented) {
    expect_page("tables", {{"table-from-topic", table_from_topic},
                           {"versioned-table", versioned_table},
                           {"filter-without-store", filter_without_store},
                           {"filter-above-store", filter_above_store},
                           {"group-by-owner", group_by_owner},
                           {"adding-and-subtracting", sum_by_adding_and_subtracting}});
}

}  // namespace
}  // namespace millrace::semantics
