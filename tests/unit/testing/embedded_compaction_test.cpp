// SPDX-License-Identifier: Apache-2.0
#include "kafka/client_supplier.hpp"
#include "millrace/testing/embedded_broker.hpp"

#include <map>
#include <random>
#include <string>

#include <gmock/gmock.h>

namespace millrace::testing {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;

auto record(Offset offset, const char* key, const NullableOwnedBytes& value) {
    return AllOf(Field(&BrokerRecord::offset, offset), Field(&BrokerRecord::key, key),
                 Field(&BrokerRecord::value, value));
}

struct Ignore final : kafka::ProducerListener, kafka::ConsumerListener {
    void on_failed_delivery(const kafka::FailedDelivery&) override {}
    void on_error(const kafka::Status&) override {}
    std::vector<kafka::StartPosition> on_assigned(const std::vector<TopicPartition>&) override {
        return {};
    }
    void on_revoked(const std::vector<TopicPartition>&) override {}
    void on_lost(const std::vector<TopicPartition>&) override {}
    void on_partition_error(const TopicPartition&, const kafka::Status& status) override {
        ADD_FAILURE() << status.message();
    }
};

class Compaction : public ::testing::Test {
  protected:
    void create(std::map<std::string, std::string> config = {}) {
        config.emplace("cleanup.policy", "compact");
        broker.create_topic("t", 1, config);
    }
    void put(const char* key, const NullableOwnedBytes& value) {
        broker.produce("t", {.key = key, .value = value});
    }

    EmbeddedBroker broker{{.time = BrokerTime::kManual, .start = timestamp_of(0)}};
    Ignore listener;
};

TEST_F(Compaction, KeepsTheLastRecordOfEachKeyAtItsOffset) {
    create();
    put("a", "1");
    put("b", "2");
    put("a", "3");
    put("c", "4");
    put("a", "5");

    broker.clean_logs();

    EXPECT_THAT(broker.records("t"),
                ElementsAre(record(1, "b", "2"), record(3, "c", "4"), record(4, "a", "5")));
    EXPECT_EQ(broker.end_offset({"t", 0}), 5);
}

TEST_F(Compaction, DoesNotChangeOtherTopics) {
    broker.create_topic("t");
    put("a", "1");
    put("a", "2");

    broker.clean_logs();

    EXPECT_THAT(broker.records("t"), SizeIs(2));
}

TEST_F(Compaction, KeepsTombstonesForTheirRetentionAfterTheFirstCompaction) {
    create({{"delete.retention.ms", "1000"}});
    put("a", "1");
    put("a", std::nullopt);
    broker.advance(hours(1));

    broker.clean_logs();
    EXPECT_THAT(broker.records("t"), ElementsAre(record(1, "a", std::nullopt)));
    broker.advance(milliseconds(999));
    broker.clean_logs();
    EXPECT_THAT(broker.records("t"), SizeIs(1));
    broker.advance(milliseconds(1));
    broker.clean_logs();

    EXPECT_THAT(broker.records("t"), IsEmpty());
    put("a", "2");
    EXPECT_THAT(broker.records("t"), ElementsAre(record(2, "a", "2")));
}

TEST_F(Compaction, KeepsRecordsWithinTheCompactionLag) {
    create({{"min.compaction.lag.ms", "1000"}});
    put("a", "1");
    put("a", "2");
    broker.clean_logs();
    EXPECT_THAT(broker.records("t"), SizeIs(2));

    broker.advance(milliseconds(1001));
    broker.clean_logs();

    EXPECT_THAT(broker.records("t"), ElementsAre(record(1, "a", "2")));
}

TEST_F(Compaction, DropsAbortedRecordsAndKeepsOpenTransactions) {
    create();
    const auto producer = broker.clients()->make_producer({{"transactional.id", "x"}}, listener);
    const auto topic = producer->topic("t");
    ASSERT_TRUE(producer->init_transactions(milliseconds(0)).ok());
    put("a", "1");
    put("a", "2");
    ASSERT_TRUE(producer->begin_transaction().ok());
    ASSERT_TRUE(producer->send({.topic = topic, .key = "a", .value = "aborted"}).ok());
    ASSERT_TRUE(producer->flush(milliseconds(0)).ok());
    ASSERT_TRUE(producer->abort_transaction(milliseconds(0)).ok());
    ASSERT_TRUE(producer->begin_transaction().ok());
    ASSERT_TRUE(producer->send({.topic = topic, .key = "a", .value = "open"}).ok());
    ASSERT_TRUE(producer->flush(milliseconds(0)).ok());

    broker.clean_logs();
    EXPECT_THAT(broker.records("t", RecordsShown::kAll),
                ElementsAre(record(1, "a", "2"), record(4, "a", "open")));
    ASSERT_TRUE(producer->abort_transaction(milliseconds(0)).ok());
    broker.clean_logs();

    EXPECT_THAT(broker.records("t", RecordsShown::kAll), ElementsAre(record(1, "a", "2")));
    EXPECT_EQ(broker.end_offset({"t", 0}), 6);
}

TEST_F(Compaction, LetsReadersSkipTheGaps) {
    create();
    for (int i = 0; i < 10; ++i) {
        put("a", std::to_string(i));
    }
    const auto consumer = broker.clients()->make_consumer({}, nullptr);
    const kafka::StartPosition start{{"t", 0}, 2};
    ASSERT_TRUE(consumer->assign({&start, 1}, listener).ok());
    broker.clean_logs();
    consumer->poll(milliseconds(0));
    auto* queue = consumer->queue(start.partition);
    EXPECT_EQ(queue->position(), 9);

    std::vector<kafka::Message> messages;
    ASSERT_EQ(queue->read(messages, 10), 1u);

    EXPECT_EQ(messages[0].offset(), 9);
    EXPECT_EQ(queue->position(), 10);
    EXPECT_EQ(queue->lag(), 0);
}

TEST_F(Compaction, RunsAutomaticallyForALargeEnoughLog) {
    create();
    const std::string large(10'000, 'x');
    for (int i = 0; i < 2'000; ++i) {
        put("a", large);
    }

    EXPECT_LT(broker.records("t").size(), 1'000u);
    EXPECT_EQ(broker.end_offset({"t", 0}), 2'000);
}

TEST_F(Compaction, KeepsTheSameRecordsAsAModel) {
    create({{"delete.retention.ms", "0"}});
    std::mt19937 random(7);
    std::map<std::string, std::string> model;
    for (int i = 0; i < 5'000; ++i) {
        const std::string key = std::to_string(random() % 50);
        if (random() % 4 == 0) {
            model.erase(key);
            put(key.c_str(), std::nullopt);
        } else {
            model[key] = std::to_string(i);
            put(key.c_str(), std::to_string(i));
        }
        if (random() % 500 == 0) {
            broker.clean_logs();
        }
    }
    broker.clean_logs();

    std::map<std::string, std::string> left;
    Offset last = -1;
    for (const auto& kept : broker.records("t")) {
        EXPECT_GT(kept.offset, last);
        last = kept.offset;
        EXPECT_TRUE(left.emplace(*kept.key, kept.value.value_or("tombstone")).second);
    }
    EXPECT_EQ(left, model);
}

TEST(Retention, DeletesOldRecordsOnlyIfTheTopicIsConfigured) {
    EmbeddedBroker broker({.time = BrokerTime::kManual, .start = timestamp_of(0)});
    broker.create_topic("kept");
    broker.create_topic("short", 1, {{"retention.ms", "1000"}});
    broker.create_topic("small", 1, {{"retention.bytes", "500"}});
    for (const char* topic : {"kept", "short", "small"}) {
        for (int i = 0; i < 10; ++i) {
            broker.produce(topic, {.value = std::string(100, 'x')});
        }
    }

    broker.advance(hours(1));

    EXPECT_THAT(broker.records("kept"), SizeIs(10));
    EXPECT_THAT(broker.records("short"), IsEmpty());
    EXPECT_THAT(broker.records("small"), SizeIs(3));
    EXPECT_EQ(broker.end_offset({"short", 0}), 10);
}

}  // namespace
}  // namespace millrace::testing
