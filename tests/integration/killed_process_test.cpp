// SPDX-License-Identifier: Apache-2.0

// Processes that are killed: what they find after a restart, on a real Apache Kafka.
#include "integration/process_to_kill.hpp"
#include "support/counting_topology.hpp"

#include <chrono>
#include <csignal>
#include <map>
#include <string>
#include <thread>

namespace millrace::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::Each;
using ::testing::Ge;
using ::testing::Pair;
using ::testing::SizeIs;

/// A kill at any moment is a kill in a commit.
constexpr const char* kCommitsAlways = "commits always";

StreamsConfig config_of(const Place& place) {
    StreamsConfig config{.application_id = place.application,
                         .bootstrap_servers = place.servers,
                         .state_dir = place.state_dir};
    if (place.variant == kCommitsAlways) {
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

TEST(KilledProcess, RunsUntilItIsKilled) {
    run_until_killed(config_of);
}

class Killed : public ProcessToKill {
  protected:
    Killed() : ProcessToKill("killed") {}

    ChildProcess run() const { return start("KilledProcess.RunsUntilItIsKilled"); }
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

    const TopicReader reader(place.servers);
    EXPECT_GE(reader.read_all(place.application + "-counts-changelog", 1).size(), kRecords);
    EXPECT_LE(restored, kTail);
    const auto counts = output();
    ASSERT_FALSE(counts.empty());
    EXPECT_EQ(counts.back().key, "k0");
    EXPECT_EQ(counts.back().value, std::to_string(kRecords / kKeys + 2));
}

TEST_F(Killed, LosesNoRecordInACommit) {
    constexpr int kKeys = 50;
    constexpr int kKills = 6;
    constexpr int kRecords = 400;  // Of each key, between two kills.
    set_variant(kCommitsAlways);
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
    for (const ReadRecord& record : output()) {
        counts[record.key] = std::stoi(record.value);
    }
    EXPECT_THAT(counts, SizeIs(kKeys));
    EXPECT_THAT(counts, Each(Pair(::testing::_, Ge(kKills * kRecords))));
}

}  // namespace
}  // namespace millrace::testing
