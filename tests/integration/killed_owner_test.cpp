// SPDX-License-Identifier: Apache-2.0

// A process that is killed while another one has a standby of its task, on a real Apache Kafka.
#include "integration/process_to_kill.hpp"
#include "support/counting_topology.hpp"

#include <chrono>
#include <csignal>
#include <string>

namespace millrace::testing {
namespace {

using namespace std::chrono_literals;

constexpr const char* kExactlyOnce = "exactly once";

StreamsConfig config_of(const Place& place, const std::string& instance) {
    StreamsConfig config{.application_id = place.application,
                         .bootstrap_servers = place.servers,
                         .state_dir = place.state_dir / instance};
    config.commit_interval = 200ms;
    config.num_standby_replicas = 1;
    config.processing_guarantee = place.variant == kExactlyOnce
                                      ? ProcessingGuarantee::kExactlyOnceV2
                                      : ProcessingGuarantee::kAtLeastOnce;
    config.set("consumer.session.timeout.ms", "6000");
    config.set("consumer.heartbeat.interval.ms", "500");
    return config;
}

TEST(OwnerOfATask, RunsUntilItIsKilled) {
    run_until_killed([](const Place& place) { return config_of(place, "owner"); });
}

class KilledOwner : public ProcessToKill, public ::testing::WithParamInterface<bool> {
  protected:
    KilledOwner() : ProcessToKill("owner", GetParam() ? kExactlyOnce : "") {}

    static double metric(const KafkaStreams& streams, const std::string& name) {
        double value = -1;
        for (const ClientMetric& each : streams.metrics()) {
            value = each.name == name ? each.value : value;
        }
        return value;
    }
};

TEST_P(KilledOwner, IsReplacedByItsStandbyWhenItsSessionEnds) {
    constexpr int kRecords = 5'000;
    constexpr int kKeys = 100;
    constexpr int kTail = 20;
    produce(kRecords, kKeys);
    ChildProcess owner = start("OwnerOfATask.RunsUntilItIsKilled");
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

    const auto counts = output();
    ASSERT_FALSE(counts.empty());
    EXPECT_EQ(counts.back().key, "k0");
    EXPECT_EQ(counts.back().value, std::to_string(kRecords / kKeys + 2));
}

INSTANTIATE_TEST_SUITE_P(Guarantees, KilledOwner, ::testing::Bool(), [](const auto& each) {
    return std::string(each.param ? "ExactlyOnce" : "AtLeastOnce");
});

}  // namespace
}  // namespace millrace::testing
