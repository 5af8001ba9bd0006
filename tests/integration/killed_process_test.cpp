// SPDX-License-Identifier: Apache-2.0

// The state that a killed process finds after its restart, on a real Apache Kafka.
#include "integration/child_process.hpp"
#include "integration/topic_reader.hpp"
#include "millrace/client/kafka_streams.hpp"
#include "support/counting_topology.hpp"
#include "support/kafka_broker.hpp"
#include "support/kafka_clients.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace millrace::testing {
namespace {

using namespace std::chrono_literals;

constexpr const char* kApplication = "MILLRACE_TEST_APPLICATION";
constexpr int kRecords = 20'000;
constexpr int kKeys = 1'000;
constexpr int kTail = 10;

struct Place {
    std::string application;
    std::string servers;
    std::string in;
    std::string out;
    std::filesystem::path state_dir;
};

StreamsConfig config_of(const Place& place) {
    StreamsConfig config{.application_id = place.application,
                         .bootstrap_servers = place.servers,
                         .state_dir = place.state_dir};
    config.commit_interval = 200ms;
    config.statestore_flush_interval = 1s;
    config.set("consumer.session.timeout.ms", "6000");
    config.set("consumer.heartbeat.interval.ms", "500");
    return config;
}

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

// The program to kill: this test program, started again for this test only.
TEST(KilledProcess, RunsUntilItIsKilled) {
    if (environment(kApplication).empty()) {
        GTEST_SKIP() << "started by the test below";
    }
    const Place place{environment(kApplication), environment("MILLRACE_TEST_SERVERS"),
                      environment("MILLRACE_TEST_IN"), environment("MILLRACE_TEST_OUT"),
                      environment("MILLRACE_TEST_STATE")};
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
    }
    ~Killed() override {
        ::unsetenv(kApplication);
        std::filesystem::remove_all(place.state_dir);
    }

    void produce(int records) {
        RecordingProducerListener listener;
        const auto producer = clients->make_producer({}, listener);
        const auto topic = producer->topic(place.in);
        for (int record = 0; record < records; ++record) {
            const std::string key = "k" + std::to_string(record % kKeys);
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
            std::this_thread::sleep_for(50ms);
        }
        return holds();
    }

    KafkaBroker& broker;
    std::shared_ptr<kafka::ClientSupplier> clients;
    Place place;
};

TEST_F(Killed, FindsOlderCommitsOnDiskAndRestoresOnlyTheRest) {
    produce(kRecords);
    std::filesystem::create_directories(place.state_dir);
    {
        ChildProcess child({"/proc/self/exe", "--gtest_filter=KilledProcess.RunsUntilItIsKilled"},
                           place.state_dir / "child.log");
        ASSERT_TRUE(eventually([&] { return lag() == 0; })) << child.output();
        std::this_thread::sleep_for(4s);  // More than statestore.flush.interval.ms and one commit.
        produce(kTail);
        ASSERT_TRUE(eventually([&] { return lag() == 0; })) << child.output();
        EXPECT_EQ(child.stop(SIGKILL), -SIGKILL);
    }
    support::Events processed;
    KafkaStreams streams(
        support::counting_topology([&](const auto&) { processed.happened(); }, place.in, place.out),
        config_of(place));
    streams.start();
    produce(1);
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

}  // namespace
}  // namespace millrace::testing
