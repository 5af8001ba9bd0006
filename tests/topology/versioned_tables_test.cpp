// SPDX-License-Identifier: Apache-2.0
#include "driver.hpp"

#include <gmock/gmock.h>

#include <memory>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Prices = VersionedKeyValueStore<Text, Text>;

Text joined(const Text& value, const Text* version) {
    return value + "+" + (version != nullptr ? *version : "-");
}

KTable<Text, Text> prices(StreamsBuilder& builder, std::chrono::milliseconds history) {
    return builder.table<Text, Text>("prices", {.store = "prices", .history = history});
}

TEST(VersionedTable, JoinsARecordWithTheRowValidAtItsTime) {
    Program run([](StreamsBuilder& builder) {
        const auto table = prices(builder, 50ms);
        builder.stream<Text, Text>("in").left_join(table, joined).to("out");
    });
    run.pipe("prices", "a", "ten", 10);
    run.pipe("prices", "a", "twenty", 20);
    run.pipe("in", "a", "now", 25);
    run.pipe("in", "a", "then", 15);
    run.pipe("in", "a", "before", 5);
    run.pipe("prices", "a", "twelve", 12);
    run.pipe("in", "a", "again", 15);
    EXPECT_THAT(run.lines("out"), ElementsAre("a=now+twenty@25", "a=then+ten@15", "a=before+-@5",
                                              "a=again+twelve@15"));

    run.pipe("prices", "a", "hundred", 100);  // The history starts at 50.
    run.pipe("in", "a", "too old", 40);
    run.pipe("in", "a", "old enough", 60);
    EXPECT_THAT(run.lines("out"), ElementsAre("a=too old+-@40", "a=old enough+twenty@60"));
}

// A deletion at the time of the first version, then a late earlier version.
std::vector<std::string> seen_after_a_removal(const TopologyOptions& options) {
    Program run(
        [](StreamsBuilder& builder) {
            const auto table = prices(builder, 50ms);
            builder.stream<Text, Text>("in").left_join(table, joined).to("out");
        },
        options);
    run.pipe("prices", "a", "eleven", 11);
    run.pipe("prices", "a", std::nullopt, 11);
    run.pipe("prices", "a", "zero", 0);
    run.pipe("in", "a", "then", 5);
    run.pipe("in", "a", "now", 20);
    return run.lines("out");
}

TEST(VersionedTable, KeepsADeletionAtTheTimeOfTheFirstVersion) {
    EXPECT_THAT(seen_after_a_removal({}), ElementsAre("a=then+zero@5", "a=now+-@20"));
}

TEST(VersionedTable, DropsSuchADeletionIfBugsOfKafkaStreamsAreReproduced) {
    TopologyOptions options;
    options.reproduce_kafka_defects = true;
    EXPECT_THAT(seen_after_a_removal(options), ElementsAre("a=then+zero@5", "a=now+zero@20"));
}

TEST(JoinWithGrace, WaitsForALateTable) {
    Program run([](StreamsBuilder& builder) {
        const auto table = prices(builder, 100ms);
        builder.stream<Text, Text>("in").left_join(table, joined, {.grace = 10ms}).to("out");
    });
    run.pipe("in", "a", "one", 20);
    run.pipe("prices", "a", "late", 15);
    EXPECT_THAT(run.lines("out"), ElementsAre());

    run.pipe("in", "a", "two", 30);
    EXPECT_THAT(run.lines("out"), ElementsAre("a=one+late@20"));

    run.pipe("in", "a", "too late to wait", 19);
    EXPECT_THAT(run.lines("out"), ElementsAre("a=too late to wait+late@19"));
}

TEST(JoinWithGrace, JoinsNullKeysAtOnce) {
    Program run([](StreamsBuilder& builder) {
        const auto table = prices(builder, 100ms);
        builder.stream<MaybeText, MaybeText>("in")
            .left_join(table, joined, {.grace = 10ms})
            .to("out");
    });
    run.pipe("in", std::nullopt, "v", 20);
    run.pipe("in", "a", std::nullopt, 40);
    EXPECT_THAT(run.lines("out"), ElementsAre("-=v+-@20"));
    EXPECT_EQ(run.driver().dropped_records(), 1U);
}

TEST(JoinWithGrace, NeedsATableWithLongEnoughAHistory) {
    const auto program = [](std::chrono::milliseconds history) {
        StreamsBuilder builder;
        const auto table = prices(builder, history);
        builder.stream<Text, Text>("in").left_join(table, joined, {.grace = 100ms});
    };
    program(100ms);
    EXPECT_THAT([&] { program(99ms); },
                ::testing::ThrowsMessage<TopologyError>(HasSubstr("less than the join's grace")));
}

TEST(VersionedTable, IsRefusedWhereItIsNotPossible) {
    StreamsBuilder builder;
    EXPECT_THAT([&] { prices(builder, -1ms); },
                ::testing::ThrowsMessage<TopologyError>(HasSubstr("negative")));
    const Materialized<Text, Text> bounded{
        .store = "bounded", .engine = StoreEngine::kLru, .max_entries = 5, .history = 1s};
    EXPECT_THAT([&] { (builder.table<Text, Text>("bounded", bounded)); },
                ::testing::ThrowsMessage<TopologyError>(HasSubstr("cannot be versioned")));
    EXPECT_THAT([&] { (builder.global_table<Text, Text>("global", {.history = 1s})); },
                ::testing::ThrowsMessage<TopologyError>(HasSubstr("cannot be versioned")));
}

TEST(VersionedTable, HasAStoreAlsoWithoutAName) {
    const Text text = described([](StreamsBuilder& builder) {
        builder.table<Text, Text>("in", {.history = 1s})
            .filter([](const Text&) { return true; }, {.history = 1s})
            .to_stream()
            .to("out");
    });
    EXPECT_THAT(text, HasSubstr("(stores: [in-STATE-STORE-0000000000])"));
    EXPECT_THAT(text, HasSubstr("(stores: [KTABLE-FILTER-STATE-STORE-0000000003])"));
}

struct Ask final : Processor<Text, Text, Text, Text> {
    void process(const Record<Text, Text>& record) override {
        Prices store = context().store<Prices>("versions");
        const VersionPut put = store.put(record.key, record.value, record.timestamp);
        Text answer = !put.stored ? "dropped" : put.valid_to ? "history" : "latest";
        if (const auto before = store.get(record.key, record.timestamp - 1ms)) {
            answer += " after " + before->value;
        }
        context().forward(record.with_value(answer));
    }
};

TEST(VersionedStore, IsUsedByProcessors) {
    Program run([](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in")
            .process([] { return std::make_unique<Ask>(); },
                     {.added_stores = {stores::versioned_key_value_store<Text, Text>(
                          stores::in_memory_versioned_store("versions", 50ms))}})
            .to("out");
    });
    run.pipe("in", "a", "x", 10);
    run.pipe("in", "a", "z", 100);
    run.pipe("in", "a", "y", 60);
    run.pipe("in", "a", "w", 40);
    EXPECT_THAT(run.lines("out"), ElementsAre("a=latest@10", "a=latest after x@100",
                                              "a=history after x@60", "a=dropped@40"));
}

TEST(Merge, AcceptsAStreamWithoutNullsForOneWithNulls) {
    Program run([](StreamsBuilder& builder) {
        const KStream<MaybeText, MaybeText> any = builder.stream<MaybeText, MaybeText>("any");
        any.merge(builder.table<Text, Text>("table").to_stream())
            .merge(builder.stream<Text, Text>("plain"))
            .to("out");
    });
    run.pipe("any", std::nullopt, "x", 1);
    run.pipe("table", "a", std::nullopt, 2);
    run.pipe("plain", "b", "y", 3);
    EXPECT_THAT(run.lines("out"), ElementsAre("-=x@1", "a=-@2", "b=y@3"));
}

}  // namespace
}  // namespace millrace
