// SPDX-License-Identifier: Apache-2.0

// A process that is killed while another one has a standby of its task, on a real Apache Kafka.
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
#include <memory>
#include <string>
#include <thread>

namespace millrace::testing {
namespace {

using namespace std::chrono_literals;

constexpr const char* kApplication = "MILLRACE_TEST_OWNER_APPLICATION";

struct Place {
    std::string application;
    std::string servers;
    std::string in;
    std::string out;
    std::filesystem::path state_dir;
    bool exactly_once = false;
};

StreamsConfig config_of(const Place& place, const std::string& instance) {
    StreamsConfig config{.application_id = place.application,
                         .bootstrap_servers = place.servers,
                         .state_dir = place.state_dir / instance};
    config.commit_interval = 200ms;
    config.num_standby_replicas = 1;
    config.processing_guarantee = place.exactly_once ? ProcessingGuarantee::kExactlyOnceV2
                                                     : ProcessingGuarantee::kAtLeastOnce;
    config.set("consumer.session.timeout.ms", "6000");
    config.set("consumer.heartbeat.interval.ms", "500");
    return config;
}

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

// The program to kill: this test program, started again for this test only.
TEST(OwnerOfATask, RunsUntilItIsKilled) {
    if (environment(kApplication).empty()) {
        GTEST_SKIP() << "started by the tests below";
    }
    const Place place{
        environment(kApplication),          environment("MILLRACE_TEST_SERVERS"),
        environment("MILLRACE_TEST_IN"),    environment("MILLRACE_TEST_OUT"),
        environment("MILLRACE_TEST_STATE"), !environment("MILLRACE_TEST_EXACTLY_ONCE").empty()};
    KafkaStreams streams(support::counting_topology([](const auto&) {}, place.in, place.out),
                         config_of(place, "owner"));
    streams.start();
    std::this_thread::sleep_for(10min);
}

class KilledOwner : public ::testing::TestWithParam<bool> {
  protected:
    KilledOwner()
        : broker(KafkaBroker::shared()),
          clients(clients_of(broker)),
          place{unique_name("owner-app"),
                broker.bootstrap_servers(),
                make_topic(*clients, "owner-in", 1),
                make_topic(*clients, "owner-out", 1),
                std::filesystem::temp_directory_path() / unique_name("millrace-state"),
                GetParam()} {
        ::setenv(kApplication, place.application.c_str(), 1);
        ::setenv("MILLRACE_TEST_SERVERS", place.servers.c_str(), 1);
        ::setenv("MILLRACE_TEST_IN", place.in.c_str(), 1);
        ::setenv("MILLRACE_TEST_OUT", place.out.c_str(), 1);
        ::setenv("MILLRACE_TEST_STATE", place.state_dir.c_str(), 1);
        if (place.exactly_once) {
            ::setenv("MILLRACE_TEST_EXACTLY_ONCE", "yes", 1);
        }
        std::filesystem::create_directories(place.state_dir);
    }
    ~KilledOwner() override {
        ::unsetenv(kApplication);
        ::unsetenv("MILLRACE_TEST_EXACTLY_ONCE");
        std::filesystem::remove_all(place.state_dir);
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

    static double metric(const KafkaStreams& streams, const std::string& name) {
        double value = -1;
        for (const ClientMetric& each : streams.metrics()) {
            value = each.name == name ? each.value : value;
        }
        return value;
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

TEST_P(KilledOwner, IsReplacedByItsStandbyWhenItsSessionEnds) {
    constexpr int kRecords = 5'000;
    constexpr int kKeys = 100;
    constexpr int kTail = 20;
    produce(kRecords, kKeys);
    ChildProcess owner({"/proc/self/exe", "--gtest_filter=OwnerOfATask.RunsUntilItIsKilled"},
                       place.state_dir / "child.log");
    ASSERT_TRUE(eventually([&] { return lag() == 0; })) << owner.output();

    support::Events processed;
    KafkaStreams streams(
        support::counting_topology([&](const auto&) { processed.happened(); }, place.in, place.out),
        config_of(place, "standby"));
    streams.start();
    ASSERT_TRUE(eventually([&] {
        return metric(streams, "standby-update-records-total") >= kRecords &&
               metric(streams, "standby-lag") == 0;
    })) << owner.output();
    produce(kTail, kKeys);
    ASSERT_TRUE(eventually([&] { return lag() == 0; })) << owner.output();

    const auto killed_at = std::chrono::steady_clock::now();
    EXPECT_EQ(owner.stop(SIGKILL), -SIGKILL);
    produce(1, 1);
    ASSERT_TRUE(processed.wait_for(1));
    const auto gap = std::chrono::steady_clock::now() - killed_at;
    RecordProperty(
        "gap_ms",
        static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(gap).count()));
    EXPECT_LT(gap, 10s) << "the session lasts 6 s";
    EXPECT_LE(metric(streams, "restore-records-total"), kTail);
    ASSERT_TRUE(streams.close(kPatience));

    const auto counts = TopicReader(broker.bootstrap_servers()).read_all(place.out, 1);
    ASSERT_FALSE(counts.empty());
    EXPECT_EQ(counts.back().key, "k0");
    EXPECT_EQ(counts.back().value, std::to_string(kRecords / kKeys + 2));
}

INSTANTIATE_TEST_SUITE_P(Guarantees, KilledOwner, ::testing::Bool(), [](const auto& each) {
    return std::string(each.param ? "ExactlyOnce" : "AtLeastOnce");
});

}  // namespace
}  // namespace millrace::testing
