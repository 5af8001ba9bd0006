// SPDX-License-Identifier: Apache-2.0
#include "millrace/testing/embedded_broker.hpp"

#include "kafka/client_supplier.hpp"
#include "millrace/core/error.hpp"

#include <string>

#include <gmock/gmock.h>

namespace millrace::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

struct Silent final : kafka::ProducerListener {
    void on_failed_delivery(const kafka::FailedDelivery&) override { ADD_FAILURE(); }
    void on_error(const kafka::Status&) override { ADD_FAILURE(); }
};

TEST(EmbeddedBroker, ReturnsProducedRecords) {
    EmbeddedBroker broker({.time = BrokerTime::kManual, .start = timestamp_of(100)});
    broker.create_topic("t", 2);

    broker.produce("t", {.key = "a", .value = "1", .headers = {{"h", "x"}}, .partition = 1});
    broker.produce("t", {.value = std::nullopt, .timestamp = timestamp_of(7), .partition = 0});

    EXPECT_THAT(broker.records("t"),
                ElementsAre(BrokerRecord{.partition = 0, .timestamp = timestamp_of(7)},
                            BrokerRecord{.partition = 1,
                                         .key = "a",
                                         .value = "1",
                                         .timestamp = timestamp_of(100),
                                         .headers = {{"h", "x"}}}));
    EXPECT_EQ(broker.end_offset({"t", 1}), 1);
    EXPECT_THAT(broker.topics(), ElementsAre(Pair("t", 2)));
}

TEST(EmbeddedBroker, DistributesRecordsWithoutKeyInTurn) {
    EmbeddedBroker broker;
    broker.create_topic("t", 3);

    for (int i = 0; i < 6; ++i) {
        broker.produce("t", {.value = "v"});
    }

    EXPECT_THAT(broker.records(TopicPartition{"t", 0}), SizeIs(2));
    EXPECT_THAT(broker.records(TopicPartition{"t", 1}), SizeIs(2));
    EXPECT_THAT(broker.records(TopicPartition{"t", 2}), SizeIs(2));
}

TEST(EmbeddedBroker, RefusesUnknownAndExistingTopics) {
    EmbeddedBroker broker;
    broker.create_topic("t");

    EXPECT_THROW(broker.create_topic("t"), Error);
    EXPECT_THROW(broker.create_topic("u", 1, {{"cleanup.policy", "never"}}), Error);
    EXPECT_THROW(broker.produce("unknown", {.value = "v"}), Error);
    EXPECT_THROW(broker.records("unknown"), Error);
    EXPECT_THROW(broker.end_offset({"t", 1}), Error);
    EXPECT_THROW(broker.delete_topic("unknown"), Error);
    EXPECT_THROW(broker.advance(milliseconds(1)), Error);
}

TEST(EmbeddedBroker, CreatesTopicsOnProduceIfConfigured) {
    EmbeddedBroker broker({.default_partitions = 4, .auto_create_topics = true});
    Silent listener;
    const auto producer = broker.clients()->make_producer({}, listener);

    broker.produce("one", {.value = "v"});
    ASSERT_TRUE(producer->send({.topic = producer->topic("two"), .value = "v"}).ok());
    producer->poll();

    EXPECT_THAT(broker.topics(), ElementsAre(Pair("one", 4), Pair("two", 4)));
    EXPECT_THAT(broker.records("two"), SizeIs(1));
}

TEST(EmbeddedBroker, ReturnsOpenAndAbortedRecordsOnlyOnRequest) {
    EmbeddedBroker broker;
    broker.create_topic("t");
    Silent listener;
    const auto producer = broker.clients()->make_producer({{"transactional.id", "x"}}, listener);
    const auto topic = producer->topic("t");
    ASSERT_TRUE(producer->init_transactions(milliseconds(0)).ok());
    ASSERT_TRUE(producer->begin_transaction().ok());
    ASSERT_TRUE(producer->send({.topic = topic, .value = "aborted"}).ok());
    ASSERT_TRUE(producer->flush(milliseconds(0)).ok());
    ASSERT_TRUE(producer->abort_transaction(milliseconds(0)).ok());
    ASSERT_TRUE(producer->begin_transaction().ok());
    ASSERT_TRUE(producer->send({.topic = topic, .value = "open"}).ok());
    ASSERT_TRUE(producer->flush(milliseconds(0)).ok());

    EXPECT_THAT(broker.records("t"), IsEmpty());
    EXPECT_THAT(
        broker.records("t", RecordsShown::kAll),
        ElementsAre(Field(&BrokerRecord::value, "aborted"), Field(&BrokerRecord::value, "open")));
}

TEST(EmbeddedBroker, MayBeDestroyedBeforeItsClients) {
    Silent listener;
    std::unique_ptr<kafka::Producer> producer;
    {
        EmbeddedBroker broker;
        broker.create_topic("t");
        producer = broker.clients()->make_producer({}, listener);
    }

    ASSERT_TRUE(producer->send({.topic = producer->topic("t"), .value = "v"}).ok());
    EXPECT_TRUE(producer->flush(milliseconds(0)).ok());
}

TEST(EmbeddedBroker, RefusesInvalidClientSettings) {
    EmbeddedBroker broker;
    Silent listener;

    EXPECT_THROW(broker.clients()->make_consumer({{"isolation.level", "read_all"}}, nullptr),
                 ConfigError);
    EXPECT_THROW(broker.clients()->make_consumer({{"session.timeout.ms", "soon"}}, nullptr),
                 ConfigError);
    EXPECT_THROW(broker.clients()->make_producer({{"transaction.timeout.ms", "-1"}}, listener),
                 ConfigError);
}

}  // namespace
}  // namespace millrace::testing
