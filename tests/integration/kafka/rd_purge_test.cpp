// SPDX-License-Identifier: Apache-2.0

// What a producer does with records that it cannot deliver.
#include "support/kafka_broker.hpp"
#include "support/kafka_clients.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

namespace millrace::testing {
namespace {

using std::chrono::milliseconds;

TEST(RdPurge, DiscardsRecordsInFlightAndDeliversLaterOnes) {
    KafkaBroker broker;
    const auto clients = clients_of(broker);
    const std::string topic = make_topic(*clients, "purge");
    RecordingProducerListener listener;
    const auto producer = clients->make_producer({{"linger.ms", "1"}}, listener);
    const auto handle = producer->topic(topic);
    const auto send = [&](const std::string& value) {
        ASSERT_TRUE(producer->send({.topic = handle, .partition = 0, .value = value}).ok());
    };
    send("before");
    ASSERT_TRUE(producer->flush(kPatience).ok());

    broker.freeze();
    for (int i = 0; i < 100; ++i) {
        send("given up " + std::to_string(i));
        std::this_thread::sleep_for(milliseconds(2));  // So that several requests are in flight.
    }
    producer->purge();
    broker.resume();

    ASSERT_EQ(listener.failures.size(), 100U);
    for (const auto& failure : listener.failures) {
        EXPECT_EQ(failure.status.code(), kafka::ErrorCode::kPurged);
    }
    for (int i = 0; i < 50; ++i) {
        send("after " + std::to_string(i));
    }
    const auto flushed = producer->flush(kPatience);
    ASSERT_TRUE(flushed.ok()) << flushed.message();
    EXPECT_EQ(listener.failures.size(), 100U);
    const auto reader = clients->make_consumer({}, nullptr);
    RecordingConsumerListener reading;
    const kafka::StartPosition start{{topic, 0}};
    ASSERT_TRUE(reader->assign({&start, 1}, reading).ok());
    std::vector<std::string> after;
    std::vector<kafka::Message> messages;
    auto& queue = *reader->queue({topic, 0});
    EXPECT_TRUE(poll_until({reader.get()}, [&] {
        queue.read(messages, 1000);
        return queue.lag() == 0;
    }));
    for (const auto& message : messages) {
        const std::string value(message.value().value_or(""));
        if (value.starts_with("after")) {
            after.push_back(value);
        }
    }
    ASSERT_EQ(after.size(), 50U);
    for (int i = 0; i < 50; ++i) {
        EXPECT_EQ(after[static_cast<std::size_t>(i)], "after " + std::to_string(i));
    }
}

TEST(RdProducer, AcceptsRecordsInOrderWhenItsFullQueueHasRoom) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "full");
    RecordingProducerListener listener;
    const auto producer = clients->make_producer(
        {{"queue.buffering.max.messages", "10"}, {"linger.ms", "1"}}, listener);
    const auto handle = producer->topic(topic);
    Offset acknowledged = -1;
    const auto send = [&] {
        return producer->send(
            {.topic = handle, .partition = 0, .value = "v", .acknowledged = &acknowledged});
    };

    for (int i = 0; i < 500; ++i) {
        kafka::Status sent = send();
        while (sent.code() == kafka::ErrorCode::kQueueFull) {  // Until it is connected.
            ASSERT_TRUE(sent.retriable());
            sent = send();
        }
        ASSERT_TRUE(sent.ok()) << sent.message();
    }
    ASSERT_TRUE(producer->flush(kPatience).ok());

    EXPECT_EQ(acknowledged, 499);
}

}  // namespace
}  // namespace millrace::testing
