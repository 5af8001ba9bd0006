// SPDX-License-Identifier: Apache-2.0
#include "kafka/rdkafka/rd_client_supplier.hpp"
#include "support/kafka_clients.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <string>

namespace millrace::kafka {
namespace {

constexpr std::size_t kRecordBytes = 512 << 10;

/// A producer of an unreachable cluster.
struct Lonely {
    explicit Lonely(const std::string& kilobytes = {}) {
        ClientSettings settings{{"bootstrap.servers", "127.0.0.1:1"}};
        if (!kilobytes.empty()) {
            settings["queue.buffering.max.kbytes"] = kilobytes;
        }
        producer = rdkafka_clients({})->make_producer(settings, listener);
        handle = producer->topic("t");
    }

    Status send() { return producer->send({.topic = handle, .partition = 0, .value = value}); }

    /// How many records fill its queue; `refused` is the error of the next one.
    std::size_t fill(Status& refused) {
        std::size_t taken = 0;
        while ((refused = send()).ok()) {
            ++taken;
        }
        return taken;
    }

    const std::string value = std::string(kRecordBytes, 'x');
    millrace::testing::RecordingProducerListener listener;
    std::unique_ptr<Producer> producer;
    TopicHandle handle;
};

TEST(RdProducerQueue, HoldsSixtyFourMebibytesByDefault) {
    Status refused;

    EXPECT_EQ(Lonely().fill(refused), (64U << 20) / kRecordBytes);

    EXPECT_EQ(refused.code(), ErrorCode::kQueueFull);
    EXPECT_TRUE(refused.retriable());
}

TEST(RdProducerQueue, HoldsTheConfiguredSize) {
    Status refused;

    EXPECT_EQ(Lonely("2048").fill(refused), 4U);
}

TEST(RdProducerQueue, RefusesWithinASecondWhenFull) {
    Lonely lonely("1024");
    Status refused;
    lonely.fill(refused);

    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(lonely.send().code(), ErrorCode::kQueueFull);

    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
}

TEST(RdProducerQueue, AcceptsRecordsAgainAfterAPurge) {
    Lonely lonely("1024");
    Status refused;
    const std::size_t taken = lonely.fill(refused);

    lonely.producer->purge();

    EXPECT_EQ(lonely.listener.failures.size(), taken);
    EXPECT_TRUE(lonely.send().ok());
}

}  // namespace
}  // namespace millrace::kafka
