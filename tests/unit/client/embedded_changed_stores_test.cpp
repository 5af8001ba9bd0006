// SPDX-License-Identifier: Apache-2.0

// Applications that start again with a store of another kind, format or type under its name.
#include "millrace/core/logging.hpp"
#include "millrace/millrace.hpp"
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;

using Text = std::string;

/// Forwards the row "rows" has for the record's key, then replaces it by the record's value.
template <class Store>
class Replace final : public Processor<Text, Text, Text, Text> {
  public:
    void process(const Record<Text, Text>& record) override {
        auto rows = context().template store<Store>("rows");
        const auto old = rows.get(record.key);
        context().forward(record.with_value(old ? text_of(*old) : Text("none")));
        put(rows, record);
    }

  private:
    static Text text_of(const Text& value) { return value; }
    template <class V>
    static Text text_of(const V& row) {
        if constexpr (std::is_arithmetic_v<V>) {
            return std::to_string(row);
        } else if constexpr (requires { row.value; }) {
            return text_of(row.value);
        }
    }

    static void put(Store& rows, const Record<Text, Text>& record) {
        using V = typename Store::Value;
        if constexpr (std::same_as<V, Text>) {
            if constexpr (requires { rows.put(record.key, record.value, record.timestamp); }) {
                rows.put(record.key, record.value, record.timestamp);
            } else {
                rows.put(record.key, record.value);
            }
        } else if constexpr (std::is_arithmetic_v<V>) {
            rows.put(record.key, static_cast<V>(std::stoi(record.value)));
        } else {
            rows.put(record.key, V{record.value, record.timestamp});
        }
    }
};

template <class Store>
Topology replacing(const StoreBuilder<Store>& store) {
    StreamsBuilder builder;
    builder.add_state_store(store);
    builder.stream<Text, Text>("in")
        .process([] { return std::make_unique<Replace<Store>>(); }, {.stores = {"rows"}})
        .to("out");
    return std::move(builder).build();
}

Topology plain() {
    return replacing(
        stores::key_value_store<Text, Text>(stores::persistent_key_value_store("rows")));
}
Topology timestamped() {
    return replacing(stores::timestamped_key_value_store<Text, Text>(
        stores::persistent_key_value_store("rows")));
}
Topology with_headers() {
    return replacing(stores::timestamped_key_value_store_with_headers<Text, Text>(
        stores::persistent_key_value_store("rows")));
}
Topology versioned() {
    return replacing(stores::versioned_key_value_store<Text, Text>(
        stores::persistent_versioned_store("rows", 1h)));
}
template <class V>
Topology of_type() {
    return replacing(stores::key_value_store<Text, V>(stores::persistent_key_value_store("rows")));
}

/// A table of "in", joined by "asked".
Topology table_of_in(bool optimized) {
    TopologyOptions options;
    options.reuse_source_topics = optimized;
    StreamsBuilder builder;
    const auto rows = builder.table<Text, Text>("in", {.store = "rows"});
    builder.stream<Text, Text>("asked")
        .join(rows, [](const Text&, const Text& row) { return row; })
        .to("out");
    return std::move(builder).build(options);
}

class EmbeddedChangedStores : public support::EmbeddedApplication {
  protected:
    EmbeddedChangedStores() {
        create_topics(1);
        broker.create_topic("asked", 1);
        set_log_sink([this](LogLevel, std::string_view line) {
            const std::scoped_lock lock(log_mutex_);
            log_ += Text(line) + "\n";
        });
    }
    ~EmbeddedChangedStores() override { set_log_sink({}); }

    Text log() {
        const std::scoped_lock lock(log_mutex_);
        return std::exchange(log_, {});
    }

    void send(const Text& topic, const Text& value, std::int64_t time) {
        broker.produce(topic, {.key = "k", .value = value, .timestamp = timestamp_of(time)});
    }

    /// Runs until another record is in "out", and returns its value.
    Text run(const Topology& topology) {
        const auto before = broker.records("out").size();
        const auto streams = client(topology, config());
        streams->start();
        while (broker.records("out").size() == before && streams->state() != ClientState::kError) {
            std::this_thread::yield();
        }
        EXPECT_TRUE(streams->close(60s));
        const auto records = broker.records("out");
        return records.size() == before ? "failed" : records.back().value.value_or("null");
    }

    /// The message of the error that ends a client of `topology`.
    Text error_of(const Topology& topology) {
        const auto streams = client(topology, config());
        keep_errors(*streams);
        streams->start();
        EXPECT_TRUE(uncaught.wait_for(1));
        EXPECT_TRUE(streams->close(60s));
        return errors().empty() ? "" : errors().back();
    }

  private:
    std::mutex log_mutex_;
    Text log_;
};

TEST_F(EmbeddedChangedStores, KeepTheirRowsInAnyFormatOfValues) {
    const std::vector<std::pair<Text, Topology (*)()>> formats = {
        {"timestamped", timestamped}, {"versioned", versioned},
        {"headers", with_headers},    {"plain", plain},
        {"headers", with_headers},    {"versioned", versioned},
        {"timestamped", timestamped}, {"plain", plain},
        {"versioned", versioned},     {"plain", plain},
        {"timestamped", timestamped}, {"headers", with_headers},
        {"timestamped", timestamped},
    };
    send("in", "0", 1'000);
    EXPECT_EQ(run(plain()), "none");
    log();
    int at = 0;
    for (const auto& [name, topology] : formats) {
        SCOPED_TRACE(name + " after " + std::to_string(at));
        ++at;
        send("in", std::to_string(at), 1'000 + at);
        EXPECT_EQ(run(topology()), std::to_string(at - 1));
        EXPECT_THAT(log(), HasSubstr("rebuilding store rows"));
    }
}

TEST_F(EmbeddedChangedStores, OfTheSourceTopicAreFilledFromItInsteadOfTheirChangelog) {
    send("in", "1", 1'000);
    send("asked", "x", 2'000);
    EXPECT_EQ(run(table_of_in(false)), "1");

    send("asked", "x", 3'000);
    EXPECT_EQ(run(table_of_in(true)), "1");
    EXPECT_THAT(log(), HasSubstr("is now filled from topic in"));
}

TEST_F(EmbeddedChangedStores, AreNotReplacedByAChangelogWithoutTheRowsOfTheirTopic) {
    send("in", "1", 1'000);
    send("asked", "x", 2'000);
    EXPECT_EQ(run(table_of_in(false)), "1");  // Its changelog stays behind from now on.
    send("in", "2", 3'000);
    send("asked", "x", 4'000);
    EXPECT_EQ(run(table_of_in(true)), "2");

    send("asked", "x", 5'000);
    EXPECT_THAT(error_of(table_of_in(false)),
                AllOf(HasSubstr("store rows"), HasSubstr("topic in"),
                      HasSubstr("set topology.optimization as before, or reset")));
    EXPECT_EQ(run(table_of_in(true)), "2") << "no row was lost";
}

TEST_F(EmbeddedChangedStores, OfAnotherTypeAreRefusedWhileTheirStateIsOnDisk) {
    send("in", "1", 1'000);
    EXPECT_EQ(run(of_type<std::int64_t>()), "none");
    EXPECT_THAT(error_of(of_type<double>()),
                AllOf(HasSubstr("store rows"), HasSubstr("of type int64"),
                      HasSubstr("of type float64"), HasSubstr("rename the store")));
}

TEST_F(EmbeddedChangedStores, OfATypeOfAnotherSizeFailWhenTheyAreReadFromTheChangelog) {
    send("in", "1", 1'000);
    EXPECT_EQ(run(of_type<std::int64_t>()), "none");
    std::filesystem::remove_all(state_dir);
    send("in", "2", 2'000);
    EXPECT_THAT(error_of(of_type<std::int32_t>()),
                AllOf(HasSubstr("KSTREAM-PROCESSOR"), HasSubstr("expected 4, got 8")));
}

TEST_F(EmbeddedChangedStores, OfWindowsCannotBecomeSessionsWithOrWithoutStateOnDisk) {
    const auto counts = [](auto windows) {
        StreamsBuilder builder;
        builder.stream<Text, Text>("in")
            .group_by_key()
            .windowed_by(windows)
            .count({.store = "rows"})
            .to_stream()
            .map([](const auto& key, const auto& value) {
                return std::pair(key.key,
                                 std::to_string(std::optional<std::int64_t>(value).value_or(0)));
            })
            .to("out");
        return std::move(builder).build();
    };
    send("in", "1", 1'700'000'000'000);
    EXPECT_EQ(run(counts(TimeWindows::of(5min))), "1");
    EXPECT_THAT(
        error_of(counts(SessionWindows::of(5min))),
        AllOf(HasSubstr("store rows"), HasSubstr("session store"), HasSubstr("rename the store")));
    std::filesystem::remove_all(state_dir);
    EXPECT_THAT(error_of(counts(SessionWindows::of(5min))),
                AllOf(HasSubstr("store rows"), HasSubstr("rename the store")));
}

}  // namespace
}  // namespace millrace
