// SPDX-License-Identifier: Apache-2.0

// The isolation level of the consumers that restore stores and fill global stores.
#include "millrace/client/query.hpp"
#include "millrace/core/logging.hpp"
#include "millrace/millrace.hpp"
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

using Text = std::string;
using Rows = std::map<Text, Text>;

class EmbeddedIsolation : public support::EmbeddedApplication {
  protected:
    EmbeddedIsolation() {
        create_topics(1);
        set_log_sink([this](LogLevel level, std::string_view line) {
            if (level == LogLevel::kWarn) {
                const std::scoped_lock lock(mutex_);
                warnings_ += line;
            }
        });
    }
    ~EmbeddedIsolation() override { set_log_sink({}); }

    enum class End { kCommitted, kAborted };

    void write(const std::string& topic, const Rows& rows, End end) {
        auto transaction = broker.begin_transaction();
        for (const auto& [key, value] : rows) {
            transaction.produce(topic, {.key = key, .value = value});
        }
        end == End::kCommitted ? transaction.commit() : transaction.abort();
    }

    testing::EmbeddedTransaction open(const std::string& topic, const Rows& rows) {
        auto transaction = broker.begin_transaction();
        for (const auto& [key, value] : rows) {
            transaction.produce(topic, {.key = key, .value = value});
        }
        return transaction;
    }

    StreamsConfig with(const std::string& setting,
                       const std::string& level = "read_committed") const {
        StreamsConfig result = config();
        result.set(setting, level);
        return result;
    }

    static Rows rows(const KafkaStreams& streams) {
        Rows found;
        for (const auto& [key, value] :
             streams.store<ReadOnlyKeyValueStore<Text, Text>>("rows").all()) {
            found[key] = value;
        }
        return found;
    }

    /// A client that has restored its stores.
    std::unique_ptr<KafkaStreams> running(const Topology& topology, const StreamsConfig& settings) {
        auto streams = client(topology, settings);
        streams->start();
        EXPECT_TRUE(streams->wait_for(ClientState::kRunning, 60s));
        return streams;
    }

    Rows rows_of(const Topology& topology, const StreamsConfig& settings) {
        const auto streams = running(topology, settings);
        Rows found = rows(*streams);
        EXPECT_TRUE(streams->close(60s));
        return found;
    }

    std::string warnings() {
        const std::scoped_lock lock(mutex_);
        return warnings_;
    }

  private:
    std::mutex mutex_;
    std::string warnings_;
};

Topology global_rows() {
    StreamsBuilder builder;
    builder.global_table<Text, Text>("global", {.store = "rows"});
    builder.stream<Text, Text>("in").to("out");
    return std::move(builder).build();
}

TEST_F(EmbeddedIsolation, AGlobalTableHasNoAbortedRecordsWhenItIsReadCommitted) {
    for (const char* setting :
         {"isolation.level", "consumer.isolation.level", "global.consumer.isolation.level"}) {
        SCOPED_TRACE(setting);
        broker.create_topic("global", 1);
        write("global", {{"a", "1"}}, End::kCommitted);
        write("global", {{"a", "aborted"}, {"b", "aborted"}}, End::kAborted);
        EXPECT_THAT(rows_of(global_rows(), with(setting)), ElementsAre(Pair("a", "1")));

        {
            const auto streams = running(global_rows(), with(setting));
            write("global", {{"a", "aborted"}, {"c", "aborted"}}, End::kAborted);
            write("global", {{"d", "4"}}, End::kCommitted);
            while (rows(*streams).size() < 2) {
                std::this_thread::yield();
            }
            EXPECT_THAT(rows(*streams), ElementsAre(Pair("a", "1"), Pair("d", "4")));
            EXPECT_TRUE(streams->close(60s));
        }

        write("global", {{"a", "aborted"}}, End::kAborted);
        write("global", {{"e", "5"}}, End::kCommitted);
        EXPECT_THAT(rows_of(global_rows(), with(setting)),
                    ElementsAre(Pair("a", "1"), Pair("d", "4"), Pair("e", "5")));
        broker.delete_topic("global");
        std::filesystem::remove_all(state_dir);
    }
}

TEST_F(EmbeddedIsolation, AGlobalTableHasAllRecordsWithoutTheSetting) {
    broker.create_topic("global", 1);
    write("global", {{"a", "1"}}, End::kCommitted);
    write("global", {{"a", "aborted"}}, End::kAborted);

    EXPECT_THAT(rows_of(global_rows(), config()), ElementsAre(Pair("a", "aborted")));
}

TEST_F(EmbeddedIsolation, TheMostSpecificSettingOfAGlobalTableWins) {
    broker.create_topic("global", 1);
    write("global", {{"a", "1"}}, End::kCommitted);
    write("global", {{"a", "aborted"}}, End::kAborted);
    StreamsConfig settings = with("consumer.isolation.level");
    settings.set("global.consumer.isolation.level", "read_uncommitted");

    EXPECT_THAT(rows_of(global_rows(), settings), ElementsAre(Pair("a", "aborted")));
}

TEST_F(EmbeddedIsolation, AGlobalTableStartsInFrontOfAnOpenTransaction) {
    broker.create_topic("global", 1);
    write("global", {{"a", "1"}}, End::kCommitted);
    auto transaction = open("global", {{"a", "2"}});

    const auto streams = running(global_rows(), with("consumer.isolation.level"));
    EXPECT_THAT(rows(*streams), ElementsAre(Pair("a", "1")));
    transaction.commit();
    while (rows(*streams) != Rows{{"a", "2"}}) {
        std::this_thread::yield();
    }
    EXPECT_TRUE(streams->close(60s));
}

Topology table_rows() {
    StreamsBuilder builder;
    builder.table<Text, Text>("in", {.store = "rows"}).to_stream().to("out");
    return std::move(builder).build(TopologyOptions::optimized());
}

StreamsConfig optimized(StreamsConfig settings) {
    settings.topology_optimization = "all";
    return settings;
}

TEST_F(EmbeddedIsolation, ASourceTopicThatIsTheChangelogRestoresNoAbortedRecords) {
    write("in", {{"a", "1"}}, End::kCommitted);
    write("in", {{"a", "aborted"}, {"b", "aborted"}}, End::kAborted);
    write("in", {{"c", "3"}}, End::kCommitted);
    const StreamsConfig settings = optimized(with("consumer.isolation.level"));
    {
        const auto streams = running(table_rows(), settings);
        while (rows(*streams).size() < 2) {
            std::this_thread::yield();
        }
        EXPECT_TRUE(streams->close(60s));
    }
    std::filesystem::remove_all(state_dir);
    auto transaction = open("in", {{"a", "4"}});

    EXPECT_THAT(rows_of(table_rows(), settings), ElementsAre(Pair("a", "1"), Pair("c", "3")));
}

Topology stored_rows() {
    StreamsBuilder builder;
    builder.table<Text, Text>("in", {.store = "rows"}).to_stream().to("out");
    return std::move(builder).build();
}

TEST_F(EmbeddedIsolation, AChangelogRestoresNoAbortedRecordsWhenItIsReadCommitted) {
    const std::string changelog = "app-rows-changelog";
    broker.create_topic(changelog, 1, {{"cleanup.policy", "compact"}});
    write(changelog, {{"a", "1"}}, End::kCommitted);
    write(changelog, {{"a", "aborted"}, {"b", "aborted"}}, End::kAborted);

    for (const char* setting :
         {"isolation.level", "consumer.isolation.level", "restore.consumer.isolation.level"}) {
        SCOPED_TRACE(setting);
        std::filesystem::remove_all(state_dir);
        EXPECT_THAT(rows_of(stored_rows(), with(setting)), ElementsAre(Pair("a", "1")));
    }
    std::filesystem::remove_all(state_dir);
    EXPECT_THAT(rows_of(stored_rows(), config()),
                ElementsAre(Pair("a", "aborted"), Pair("b", "aborted")));
}

TEST_F(EmbeddedIsolation, ARestoreWaitsForAnOpenTransactionAndThenHasTheRowsBehindIt) {
    const std::string changelog = "app-rows-changelog";
    broker.create_topic(changelog, 1, {{"cleanup.policy", "compact"}});
    auto transaction = open(changelog, {{"a", "aborted"}});
    broker.produce(changelog, {.key = "b", .value = "2"});

    const auto streams = client(stored_rows(), with("consumer.isolation.level"));
    streams->start();
    while (warnings().find("open transaction") == std::string::npos) {
        std::this_thread::yield();
    }
    EXPECT_THAT(warnings(), HasSubstr("app-rows-changelog-0"));
    EXPECT_NE(streams->state(), ClientState::kRunning);
    transaction.abort();
    EXPECT_TRUE(streams->wait_for(ClientState::kRunning, 60s));
    EXPECT_THAT(rows(*streams), ElementsAre(Pair("b", "2")));
    EXPECT_TRUE(streams->close(60s));
}

TEST_F(EmbeddedIsolation, AnUnknownLevelIsRefusedWithTheAcceptedOnes) {
    EXPECT_THAT([&] { client(stored_rows(), with("consumer.isolation.level", "serializable")); },
                ::testing::ThrowsMessage<ConfigError>(
                    ::testing::AllOf(HasSubstr("consumer.isolation.level = \"serializable\""),
                                     HasSubstr("read_uncommitted or read_committed"))));
}

}  // namespace
}  // namespace millrace
