// SPDX-License-Identifier: Apache-2.0

// Requests for stores of another type.
#include "driver.hpp"

#include <gmock/gmock.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// Gets its store, and forwards records.
template <class Store>
struct Asking final : Processor<Text, Text, Text, Text> {
    void init(ProcessorContext<Text, Text>& asked) override {
        (void)asked.template store<Store>("rows");
    }
    void process(const Record<Text, Text>& record) override { this->context().forward(record); }
};

/// The error for a processor that requests a `Store` if `build` created one named rows; empty: no
/// error.
template <class Store>
std::string error(const std::function<void(StreamsBuilder&)>& build, bool global = false) {
    try {
        Program run([&](StreamsBuilder& builder) {
            build(builder);
            builder.stream<Text, Text>("asking")
                .process([] { return std::make_unique<Asking<Store>>(); },
                         {.stores = global ? std::vector<Text>{} : std::vector<Text>{"rows"}})
                .to("out");
        });
        run.pipe("asking", "a", "b", 1);
        return "";
    } catch (const TopologyError& refused) {
        return refused.what();
    }
}

void table(StreamsBuilder& builder) {
    builder.stream<Text, Text>("in").group_by_key().count({.store = "rows"});
}

void global_table(StreamsBuilder& builder) {
    builder.global_table<Text, Text>("in", {.store = "rows"});
}

void windows(StreamsBuilder& builder) {
    builder.stream<Text, Text>("in")
        .group_by_key()
        .windowed_by(TimeWindows::of(5min))
        .count({.store = "rows"});
}

void sessions(StreamsBuilder& builder) {
    builder.stream<Text, Text>("in")
        .group_by_key()
        .windowed_by(SessionWindows::of(5min))
        .count({.store = "rows"});
}

void versions(StreamsBuilder& builder) {
    builder.table<Text, Text>("in", {.store = "rows", .history = 1min});
}

void plain(StreamsBuilder& builder) {
    builder.add_state_store(
        stores::key_value_store<Text, std::int64_t>(stores::in_memory_key_value_store("rows")));
}

TEST(StoreAskedFor, WithItsTypeIsReturned) {
    EXPECT_EQ((error<TimestampedKeyValueStore<Text, std::int64_t>>(table)), "");
    EXPECT_EQ((error<TimestampedKeyValueStore<Text, Text>>(global_table, true)), "");
    EXPECT_EQ((error<TimestampedWindowStore<Text, std::int64_t>>(windows)), "");
    EXPECT_EQ((error<SessionStore<Text, std::int64_t>>(sessions)), "");
    EXPECT_EQ((error<VersionedKeyValueStore<Text, Text>>(versions)), "");
    EXPECT_EQ((error<KeyValueStore<Text, std::int64_t>>(plain)), "");
}

TEST(StoreAskedFor, WithoutItsTimesIsRefused) {
    EXPECT_THAT((error<KeyValueStore<Text, std::int64_t>>(table)),
                AllOf(HasSubstr("store rows is a timestamped key-value store, but the requested "
                                "store is a key-value store of string and int64"),
                      HasSubstr("request TimestampedKeyValueStore<string, int64>")));
    EXPECT_THAT((error<KeyValueStore<Text, Text>>(global_table, true)),
                HasSubstr("request TimestampedKeyValueStore<string, string>"));
    EXPECT_THAT((error<WindowStore<Text, std::int64_t>>(windows)),
                HasSubstr("request TimestampedWindowStore<string, int64>"));
}

TEST(StoreAskedFor, WithTimesThatItDoesNotHaveIsRefused) {
    EXPECT_THAT((error<TimestampedKeyValueStore<Text, std::int64_t>>(plain)),
                AllOf(HasSubstr("the requested store is a timestamped key-value store"),
                      HasSubstr("request KeyValueStore<string, int64>")));
}

TEST(StoreAskedFor, AsAnotherKindIsRefused) {
    EXPECT_THAT((error<WindowStore<Text, Text>>(table)),
                HasSubstr("store rows is a timestamped key-value store, but the requested store is "
                          "a window store of string and string"));
    EXPECT_THAT((error<TimestampedKeyValueStore<Text, std::int64_t>>(windows)),
                HasSubstr("request TimestampedWindowStore<string, int64>"));
    EXPECT_THAT((error<TimestampedWindowStore<Text, std::int64_t>>(sessions)),
                HasSubstr("request SessionStore<string, int64>"));
    EXPECT_THAT((error<TimestampedKeyValueStore<Text, Text>>(versions)),
                HasSubstr("request VersionedKeyValueStore<string, string>"));
}

TEST(StoreAskedFor, WithOtherTypesIsRefused) {
    EXPECT_THAT((error<KeyValueStore<Text, Text>>(plain)),
                HasSubstr("store rows is a key-value store, but the requested store is a key-value "
                          "store of string and string; request KeyValueStore<string, int64>"));
    EXPECT_THAT((error<TimestampedKeyValueStore<std::int64_t, std::int64_t>>(table)),
                HasSubstr("request TimestampedKeyValueStore<string, int64>"));
    EXPECT_THAT((error<TimestampedKeyValueStore<Text, double>>(table)),
                HasSubstr("of string and float64"));
    EXPECT_THAT((error<SessionStore<Text, std::int32_t>>(sessions)),
                HasSubstr("of string and int32"));
    EXPECT_THAT((error<VersionedKeyValueStore<Text, std::int64_t>>(versions)),
                HasSubstr("of string and int64"));
}

}  // namespace
}  // namespace millrace
