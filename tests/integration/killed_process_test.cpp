// SPDX-License-Identifier: Apache-2.0

// Processes that are killed: what they find after a restart, on a real Apache Kafka.
#include "integration/child_process.hpp"
#include "integration/topic_reader.hpp"
#include "millrace/client/kafka_streams.hpp"
#include "support/counting_topology.hpp"
#include "support/kafka_broker.hpp"
#include "support/kafka_clients.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

namespace millrace::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::Each;
using ::testing::Ge;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr const char* kApplication = "MILLRACE_TEST_APPLICATION";

struct Place {
    std::string application;
    std::string servers;
    std::string in;
    std::string out;
    std::filesystem::path state_dir;
    bool commits_always = false;  ///< A kill at any moment is a kill in a commit.
};

StreamsConfig config_of(const Place& place) {
    StreamsConfig config{.application_id = place.application,
                         .bootstrap_servers = place.servers,
                         .state_dir = place.state_dir};
    if (place.commits_always) {
        config.commit_interval = 1ms;
        config.statestore_flush_interval = 1ms;
        config.set("consumer.group.instance.id", "one");  // Replaces the killed member at once.
        config.set("producer.linger.ms", "1");
    } else {
        config.commit_interval = 200ms;
        config.statestore_flush_interval = 1s;
        config.set("consumer.session.timeout.ms", "6000");
        config.set("consumer.heartbeat.interval.ms", "500");
    }
    return config;
}

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

// The program to kill: this test program, started again for this test only.
TEST(KilledProcess, RunsUntilItIsKilled) {
    if (environment(kApplication).empty()) {
        GTEST_SKIP() << "started by the tests below";
    }
    const Place place{
        environment(kApplication),          environment("MILLRACE_TEST_SERVERS"),
        environment("MILLRACE_TEST_IN"),    environment("MILLRACE_TEST_OUT"),
        environment("MILLRACE_TEST_STATE"), !environment("MILLRACE_TEST_COMMITS_ALWAYS").empty()};
    KafkaStreams streams(support::counting_topology([](const auto&) {}, place.in, place.out),
                         config_of(place));
    streams.start();
    std::this_thread::sleep_for(10min);
}

class Killed : public ::testing::Test {
  protected:
    Killed()
        : broker(KafkaBroker::shared()),
          clients(clients_of(broker)),
          place{unique_name("killed-app"), broker.bootstrap_servers(),
                make_topic(*clients, "killed-in", 1), make_topic(*clients, "killed-out", 1),
                std::filesystem::temp_directory_path() / unique_name("millrace-state")} {
        ::setenv(kApplication, place.application.c_str(), 1);
        ::setenv("MILLRACE_TEST_SERVERS", place.servers.c_str(), 1);
        ::setenv("MILLRACE_TEST_IN", place.in.c_str(), 1);
        ::setenv("MILLRACE_TEST_OUT", place.out.c_str(), 1);
        ::setenv("MILLRACE_TEST_STATE", place.state_dir.c_str(), 1);
        std::filesystem::create_directories(place.state_dir);
    }
    ~Killed() override {
        ::unsetenv(kApplication);
        ::unsetenv("MILLRACE_TEST_COMMITS_ALWAYS");
        std::filesystem::remove_all(place.state_dir);
    }

    void commit_always() {
        place.commits_always = true;
        ::setenv("MILLRACE_TEST_COMMITS_ALWAYS", "yes", 1);
    }

    ChildProcess run() const {
        return ChildProcess({"/proc/self/exe", "--gtest_filter=KilledProcess.RunsUntilItIsKilled"},
                            place.state_dir / "child.log");
    }

    /// To `keys` keys in turn.
    void produce(int records, int keys) {
        RecordingProducerListener listener;
        const auto producer = clients->make_producer({}, listener);
        const auto topic = producer->topic(place.in);
        for (int record = 0; record < records; ++record) {
            const std::string key = "k" + std::to_string(record % keys);
            while (
                !producer->send({.topic = topic, .partition = 0, .key = key, .value = "v"}).ok()) {
                (void)producer->flush(1s);
            }
        }
        ASSERT_TRUE(producer->flush(kPatience).ok());
    }

    std::int64_t lag() const {
        return TopicReader(broker.bootstrap_servers()).lag(place.application, place.in, 1);
    }

    static bool eventually(const std::function<bool()>& holds) {
        const auto deadline = std::chrono::steady_clock::now() + 4 * kPatience;
        while (!holds() && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(5ms);
        }
        return holds();
    }

    KafkaBroker& broker;
    std::shared_ptr<kafka::ClientSupplier> clients;
    Place place;
};

TEST_F(Killed, FindsOlderCommitsOnDiskAndRestoresOnlyTheRest) {
    constexpr int kRecords = 20'000;
    constexpr int kKeys = 1'000;
    constexpr int kTail = 10;
    produce(kRecords, kKeys);
    {
        ChildProcess child = run();
        ASSERT_TRUE(eventually([&] { return lag() == 0; })) << child.output();
        std::this_thread::sleep_for(4s);  // More than statestore.flush.interval.ms and one commit.
        produce(kTail, kKeys);
        ASSERT_TRUE(eventually([&] { return lag() == 0; })) << child.output();
        EXPECT_EQ(child.stop(SIGKILL), -SIGKILL);
    }
    support::Events processed;
    KafkaStreams streams(
        support::counting_topology([&](const auto&) { processed.happened(); }, place.in, place.out),
        config_of(place));
    streams.start();
    produce(1, 1);
    ASSERT_TRUE(processed.wait_for(1));
    double restored = 0;
    for (const ClientMetric& each : streams.metrics()) {
        restored += each.name == "restore-records-total" ? each.value : 0;
    }
    ASSERT_TRUE(streams.close(kPatience));

    const TopicReader reader(broker.bootstrap_servers());
    EXPECT_GE(reader.read_all(place.application + "-counts-changelog", 1).size(), kRecords);
    EXPECT_LE(restored, kTail);
    const auto counts = reader.read_all(place.out, 1);
    ASSERT_FALSE(counts.empty());
    EXPECT_EQ(counts.back().key, "k0");
    EXPECT_EQ(counts.back().value, std::to_string(kRecords / kKeys + 2));
}

TEST_F(Killed, LosesNoRecordInACommit) {
    constexpr int kKeys = 50;
    constexpr int kKills = 6;
    constexpr int kRecords = 400;  // Of each key, between two kills.
    commit_always();
    for (int kill = 0; kill < kKills; ++kill) {
        produce(kKeys * kRecords, kKeys);
        const std::int64_t before = lag();
        ChildProcess child = run();
        ASSERT_TRUE(eventually([&] { return lag() < before; })) << child.output();
        EXPECT_EQ(child.stop(SIGKILL), -SIGKILL);
    }
    {
        ChildProcess child = run();
        ASSERT_TRUE(eventually([&] { return lag() == 0; })) << child.output();
        EXPECT_EQ(child.stop(SIGKILL), -SIGKILL);
    }

    std::map<std::string, int> counts;
    for (const ReadRecord& record :
         TopicReader(broker.bootstrap_servers()).read_all(place.out, 1)) {
        counts[record.key] = std::stoi(record.value);
    }
    EXPECT_THAT(counts, SizeIs(kKeys));
    EXPECT_THAT(counts, Each(Pair(::testing::_, Ge(kKills * kRecords))));
}

}  // namespace
}  // namespace millrace::testing
