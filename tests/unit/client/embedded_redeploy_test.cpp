// SPDX-License-Identifier: Apache-2.0

// Applications that start with state of an earlier version, or after a long time.
#include "millrace/client/query.hpp"
#include "millrace/core/logging.hpp"
#include "millrace/millrace.hpp"
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::SizeIs;

using Text = std::string;

class EmbeddedRedeploy : public support::EmbeddedApplication {
  protected:
    ~EmbeddedRedeploy() override { set_log_sink({}); }

    void expect_log(const std::string& words) {
        set_log_sink([this, words](LogLevel, std::string_view line) {
            if (line.find(words) != std::string_view::npos) {
                logged.happened();
            }
        });
    }

    Topology table_of_in() {
        StreamsBuilder builder;
        builder.table<Text, Text>("in", {.store = "rows", .caching = false})
            .to_stream()
            .foreach ([this](const auto&) { processed.happened(); });
        return std::move(builder).build();
    }

    void run(const Topology& topology, int records, const std::string& instance = "one") {
        const auto streams = client(topology, config(instance));
        streams->start();
        ASSERT_TRUE(processed.wait_for(records));
        ASSERT_TRUE(streams->close(60s));
    }

    /// The rows of the table after everything is restored.
    std::map<Text, Text> rows_after_start(const std::string& instance = "one") {
        const auto streams = client(table_of_in(), config(instance));
        streams->start();
        EXPECT_TRUE(streams->wait_for(ClientState::kRunning, 60s));
        std::map<Text, Text> rows;
        for (const char* key : {"a", "b"}) {
            const auto value = streams->store<ReadOnlyKeyValueStore<Text, Text>>("rows").get(key);
            if (value) {
                rows[key] = *value;
            }
        }
        restored = metric(*streams, "restore-records-total");
        EXPECT_TRUE(streams->close(60s));
        return rows;
    }

    support::Events logged;
    double restored = 0;
};

class RedeployedWindows : public EmbeddedRedeploy {
  protected:
    static constexpr std::int64_t kWindow = 300'000;
    static constexpr std::int64_t kWindows = 30;  // Of 5 minutes: several segments.

    template <class Windows>
    Topology counts(Windows windows) {
        StreamsBuilder builder;
        builder.stream<Text, Text>("in")
            .group_by_key()
            .windowed_by(windows)
            .count({.store = "counts", .caching = false})
            .to_stream()
            .foreach ([this](const auto& key, const auto& value) {
                {
                    const std::scoped_lock lock(mutex_);
                    latest_[milliseconds_of(key.window.start)] = value;
                }
                processed.happened();
            });
        return std::move(builder).build();
    }

    void produce_one_a_window() {
        for (std::int64_t window = 0; window < kWindows; ++window) {
            broker.produce("in", {.key = "k",
                                  .value = "v",
                                  .timestamp = timestamp_of(1'700'000'100'000 + window * kWindow)});
        }
    }

    std::map<std::int64_t, std::int64_t> latest() const {
        const std::scoped_lock lock(mutex_);
        return latest_;
    }

  private:
    mutable std::mutex mutex_;  // Guards the other members.
    std::map<std::int64_t, std::int64_t> latest_;
};

TEST_F(RedeployedWindows, ContinueCountingWithAnotherGrace) {
    create_topics(1);
    std::int64_t runs = 0;
    for (const auto grace : {3h, 24h, 3h, 240h}) {
        produce_one_a_window();
        ++runs;
        run(counts(TimeWindows::of(5min).grace(grace)), static_cast<int>(runs * kWindows));
        EXPECT_THAT(latest(), AllOf(SizeIs(kWindows), Each(Pair(::testing::_, runs))));
    }
}

TEST_F(RedeployedWindows, AreRestoredFromTheChangelogIfTheirSegmentsDoNotFit) {
    create_topics(1);
    produce_one_a_window();
    run(counts(TimeWindows::of(5min).grace(3h)), kWindows);
    expect_log("rebuilding store counts");
    produce_one_a_window();
    run(counts(TimeWindows::of(5min).grace(24h * 365)), 2 * kWindows);
    EXPECT_EQ(logged.count(), 1);
    EXPECT_THAT(latest(), AllOf(SizeIs(kWindows), Each(Pair(::testing::_, 2))));
}

TEST_F(EmbeddedRedeploy, RefusesATableThatBecameAWindowStoreWithTheRemedy) {
    create_topics(1);
    broker.produce("in", {.key = "a", .value = "1"});
    run(table_of_in(), 1);
    StreamsBuilder builder;
    builder.stream<Text, Text>("in")
        .group_by_key()
        .windowed_by(TimeWindows::of(5min))
        .count({.store = "rows"});
    const auto streams = client(std::move(builder).build(), config());
    keep_errors(*streams);
    streams->start();
    ASSERT_TRUE(uncaught.wait_for(1));
    EXPECT_THAT(errors(), ElementsAre(AllOf(HasSubstr("store rows"),
                                            HasSubstr("rename the store, or reset"))));
    EXPECT_TRUE(streams->close(60s));
}

TEST_F(EmbeddedRedeploy, ReportsStoresThatTheTopologyNoLongerHas) {
    create_topics(1);
    broker.produce("in", {.key = "a", .value = "1"});
    run(table_of_in(), 1);
    StreamsBuilder builder;
    builder.table<Text, Text>("in", {.store = "others", .caching = false})
        .to_stream()
        .foreach ([this](const auto&) { processed.happened(); });
    expect_log(
        "deleting the rows on disk of a store that the topology no longer has on disk: task 0_0, "
        "store rows");
    broker.produce("in", {.key = "a", .value = "2"});
    run(std::move(builder).build(), 2);
    EXPECT_EQ(logged.count(), 1);
}

class LongAway : public EmbeddedRedeploy, public ::testing::WithParamInterface<const char*> {
  protected:
    /// Rows a and b; then another instance deletes a, and the tombstone is deleted.
    void miss_a_removal() {
        create_topics(1);
        broker.create_topic("app-rows-changelog", 1,
                            {{"cleanup.policy", GetParam()}, {"delete.retention.ms", "1"}});
        broker.produce("in", {.key = "a", .value = "1"});
        broker.produce("in", {.key = "b", .value = "1"});
        run(table_of_in(), 2);
        broker.produce("in", {.key = "a", .value = std::nullopt});
        run(table_of_in(), 3, "two");
        broker.produce("app-rows-changelog", {.key = "c", .value = "1"});
    }
    bool forgotten() const {
        for (const auto& record : broker.records("app-rows-changelog")) {
            if (record.key == "a") {
                return false;
            }
        }
        return true;
    }
};

TEST_P(LongAway, InstanceDoesNotRestoreDeletedRows) {
    miss_a_removal();
    while (!forgotten()) {
        broker.clean_logs();
        std::this_thread::yield();
    }
    expect_log("delete.retention.ms of topic app-rows-changelog is 1");
    EXPECT_THAT(rows_after_start(), ElementsAre(Pair("b", "1")));
    EXPECT_EQ(logged.count(), 1);
}

INSTANTIATE_TEST_SUITE_P(Policies, LongAway, ::testing::Values("compact", "compact,delete"));

TEST_F(EmbeddedRedeploy, UsesItsStateWithinTheTombstoneRetention) {
    create_topics(1);
    broker.produce("in", {.key = "a", .value = "1"});
    broker.produce("in", {.key = "b", .value = "1"});
    run(table_of_in(), 2);
    broker.produce("in", {.key = "a", .value = std::nullopt});
    run(table_of_in(), 3, "two");
    EXPECT_THAT(rows_after_start(), ElementsAre(Pair("b", "1")));
    EXPECT_EQ(restored, 1) << "the removal alone";
}

TEST_F(EmbeddedRedeploy, UsesItsStateOfAnyAgeWithoutCompaction) {
    create_topics(1);
    broker.create_topic("app-rows-changelog", 1,
                        {{"cleanup.policy", "delete"}, {"delete.retention.ms", "1"}});
    broker.produce("in", {.key = "a", .value = "1"});
    broker.produce("in", {.key = "b", .value = "1"});
    run(table_of_in(), 2);
    broker.produce("in", {.key = "a", .value = std::nullopt});
    run(table_of_in(), 3, "two");
    EXPECT_THAT(rows_after_start(), ElementsAre(Pair("b", "1")));
    EXPECT_EQ(restored, 1);
}

}  // namespace
}  // namespace millrace
