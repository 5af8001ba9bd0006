// SPDX-License-Identifier: Apache-2.0
#include "kafka/client_supplier.hpp"
#include "millrace/testing/embedded_broker.hpp"

#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

namespace millrace::testing {
namespace {

using kafka::ErrorCode;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr milliseconds kNoWait{0};

struct Listener final : kafka::ProducerListener, kafka::ConsumerListener {
    void on_failed_delivery(const kafka::FailedDelivery& failed) override {
        failures.push_back(failed.status.code());
    }
    void on_error(const kafka::Status& status) override { errors.push_back(status.code()); }
    std::vector<kafka::StartPosition> on_assigned(const std::vector<TopicPartition>&) override {
        return {};
    }
    void on_revoked(const std::vector<TopicPartition>&) override {}
    void on_lost(const std::vector<TopicPartition>&) override {}
    void on_partition_error(const TopicPartition&, const kafka::Status&) override {}

    std::vector<ErrorCode> failures;
    std::vector<ErrorCode> errors;
};

class Faults : public ::testing::Test {
  protected:
    Faults() { broker.create_topic("t"); }

    std::unique_ptr<kafka::Producer> make_producer(const std::string& transactional_id = {}) {
        kafka::ClientSettings settings{{"message.timeout.ms", "10000"}};
        if (!transactional_id.empty()) {
            settings["transactional.id"] = transactional_id;
        }
        return broker.clients()->make_producer(settings, listener);
    }
    std::unique_ptr<kafka::Producer> make_transactional() {
        auto producer = make_producer("x");
        EXPECT_TRUE(producer->init_transactions(kNoWait).ok());
        EXPECT_TRUE(producer->begin_transaction().ok());
        return producer;
    }
    static void send(kafka::Producer& producer, const char* value) {
        EXPECT_TRUE(producer.send({.topic = producer.topic("t"), .value = value}).ok());
    }
    std::vector<std::string> values(RecordsShown shown = RecordsShown::kCommitted) {
        std::vector<std::string> values;
        for (const auto& record : broker.records("t", shown)) {
            values.push_back(*record.value);
        }
        return values;
    }

    EmbeddedBroker broker{{.time = BrokerTime::kManual}};
    Listener listener;
};

TEST_F(Faults, ATopicThatGrowsWhileBatchesWaitKeepsThem) {
    const auto producer = make_producer();
    send(*producer, "before");
    broker.set_available(false);
    send(*producer, "waiting");
    producer->poll();
    broker.add_partitions("t", 5);
    broker.set_available(true);

    EXPECT_TRUE(producer->flush(kNoWait).ok());
    EXPECT_THAT(values(), SizeIs(2));
}

TEST_F(Faults, RecordsWaitWhileBrokersAreDown) {
    const auto producer = make_producer();
    broker.set_available(false);
    send(*producer, "1");
    EXPECT_EQ(producer->flush(kNoWait).code(), ErrorCode::kTimedOut);
    EXPECT_THAT(values(), IsEmpty());

    broker.set_available(true);

    EXPECT_TRUE(producer->flush(kNoWait).ok());
    EXPECT_THAT(values(), ElementsAre("1"));
}

TEST_F(Faults, RecordsThatWaitTooLongFail) {
    const auto producer = make_producer();
    broker.set_available(false);
    send(*producer, "1");
    producer->poll();
    broker.advance(milliseconds(10'001));

    producer->poll();

    EXPECT_THAT(listener.failures, ElementsAre(ErrorCode::kTimedOut));
    EXPECT_TRUE(producer->flush(kNoWait).ok());
}

TEST_F(Faults, BrokersThatAreDownDoNotRespond) {
    broker.set_available(false);
    const auto consumer = broker.clients()->make_consumer({{"group.id", "g"}}, nullptr);
    const auto admin = broker.clients()->make_admin({});
    const kafka::OffsetCommit commit{{"t", 0}, 1, -1, ""};

    EXPECT_TRUE(consumer->commit({&commit, 1}, kNoWait).retriable());
    EXPECT_TRUE(admin->list_topics(kNoWait).status().retriable());
    EXPECT_TRUE(make_producer("x")->init_transactions(kNoWait).retriable());
}

TEST_F(Faults, ConsumersReportOnceThatBrokersAreDown) {
    broker.produce("t", {.value = "1"});
    const auto consumer = broker.clients()->make_consumer({}, nullptr);
    const kafka::StartPosition start{{"t", 0}, 0};
    ASSERT_TRUE(consumer->assign({&start, 1}, listener).ok());
    broker.set_available(false);
    consumer->poll(kNoWait);
    consumer->poll(kNoWait);
    EXPECT_THAT(listener.errors, ElementsAre(ErrorCode::kTransport));
    std::vector<kafka::Message> messages;
    EXPECT_EQ(consumer->queue(start.partition)->read(messages, 1), 0u);

    broker.set_available(true);
    consumer->poll(kNoWait);

    EXPECT_EQ(consumer->queue(start.partition)->read(messages, 1), 1u);
}

TEST_F(Faults, ALostProduceRequestIsRetried) {
    const auto producer = make_producer();
    broker.fail_next(BrokerOperation::kProduce, BrokerFault::kTimedOut);
    send(*producer, "1");
    producer->poll();
    EXPECT_THAT(values(), IsEmpty());

    producer->poll();

    EXPECT_THAT(values(), ElementsAre("1"));
    EXPECT_THAT(listener.failures, IsEmpty());
}

TEST_F(Faults, ALostResponseCausesNoDuplicatesOfAnIdempotentProducer) {
    const auto producer = make_producer();
    broker.fail_next(BrokerOperation::kProduce, BrokerFault::kTimedOut, FaultMoment::kAfter);
    Offset acknowledged = -1;
    ASSERT_TRUE(
        producer->send({.topic = producer->topic("t"), .value = "1", .acknowledged = &acknowledged})
            .ok());
    producer->poll();
    EXPECT_THAT(values(), ElementsAre("1"));
    EXPECT_EQ(acknowledged, -1);

    producer->poll();

    EXPECT_THAT(values(), ElementsAre("1"));
    EXPECT_EQ(acknowledged, 0);
}

TEST_F(Faults, ALostResponseDuplicatesTheRecordsOfAnyOtherProducer) {
    const auto producer =
        broker.clients()->make_producer({{"enable.idempotence", "false"}}, listener);
    broker.fail_next(BrokerOperation::kProduce, BrokerFault::kTimedOut, FaultMoment::kAfter);
    send(*producer, "1");
    producer->poll();
    producer->poll();

    EXPECT_THAT(values(), ElementsAre("1", "1"));
}

TEST_F(Faults, ARefusedRecordIsReported) {
    const auto producer = make_producer();
    broker.fail_next(BrokerOperation::kProduce, BrokerFault::kMessageTooLarge);
    send(*producer, "1");
    EXPECT_TRUE(producer->flush(kNoWait).ok());

    EXPECT_THAT(listener.failures, ElementsAre(ErrorCode::kMessageTooLarge));
}

TEST_F(Faults, ALostCommitHasNoEffectAndOneWithALostResponseHas) {
    const auto producer = make_transactional();
    send(*producer, "1");
    broker.fail_next(BrokerOperation::kCommitTransaction, BrokerFault::kTimedOut);
    EXPECT_TRUE(producer->commit_transaction(kNoWait).retriable());
    EXPECT_THAT(values(), IsEmpty());

    broker.fail_next(BrokerOperation::kCommitTransaction, BrokerFault::kTimedOut,
                     FaultMoment::kAfter);
    EXPECT_TRUE(producer->commit_transaction(kNoWait).retriable());
    EXPECT_THAT(values(), ElementsAre("1"));
}

TEST_F(Faults, AFencedCommitIsFatal) {
    const auto producer = make_transactional();
    send(*producer, "1");
    broker.fail_next(BrokerOperation::kCommitTransaction, BrokerFault::kFenced);

    const auto status = producer->commit_transaction(kNoWait);

    EXPECT_TRUE(status.fenced());
    EXPECT_TRUE(status.fatal());
    EXPECT_TRUE(producer->begin_transaction().fatal());
    producer->poll();
    EXPECT_THAT(listener.errors, ElementsAre(ErrorCode::kFenced));
}

TEST_F(Faults, OffsetsOfAStaleMemberMakeTheTransactionAbort) {
    const auto producer = make_transactional();
    broker.fail_next(BrokerOperation::kSendOffsets, BrokerFault::kIllegalGeneration);
    const kafka::OffsetCommit offset{{"t", 0}, 1, -1, ""};

    EXPECT_TRUE(producer->send_offsets({&offset, 1}, {}, kNoWait).must_abort_transaction());
    EXPECT_TRUE(producer->commit_transaction(kNoWait).must_abort_transaction());
    EXPECT_TRUE(producer->abort_transaction(kNoWait).ok());
    EXPECT_TRUE(producer->begin_transaction().ok());
}

TEST_F(Faults, GroupCommitsFailAsInjected) {
    const auto consumer = broker.clients()->make_consumer({{"group.id", "g"}}, nullptr);
    const kafka::OffsetCommit commit{{"t", 0}, 1, -1, ""};
    broker.fail_next(BrokerOperation::kCommit, BrokerFault::kRebalanceInProgress);
    broker.fail_next(BrokerOperation::kCommit, BrokerFault::kTimedOut, FaultMoment::kAfter);

    EXPECT_EQ(consumer->commit({&commit, 1}, kNoWait).code(), ErrorCode::kRebalanceInProgress);
    EXPECT_THAT(broker.committed_offsets("g"), IsEmpty());
    EXPECT_EQ(consumer->commit({&commit, 1}, kNoWait).code(), ErrorCode::kTimedOut);
    EXPECT_THAT(broker.committed_offsets("g"), SizeIs(1));
}

TEST_F(Faults, ATransactionOfADisconnectedProducerTimesOutAndFencesIt) {
    const auto producer = broker.clients()->make_producer(
        {{"transactional.id", "x"}, {"client.id", "far"}, {"transaction.timeout.ms", "5000"}},
        listener);
    ASSERT_TRUE(producer->init_transactions(kNoWait).ok());
    ASSERT_TRUE(producer->begin_transaction().ok());
    send(*producer, "1");
    ASSERT_TRUE(producer->flush(kNoWait).ok());
    broker.produce("t", {.value = "2"});
    broker.disconnect("far");
    EXPECT_THAT(values(), IsEmpty());

    broker.advance(milliseconds(5'001));

    EXPECT_THAT(values(), ElementsAre("2"));
    broker.reconnect("far");
    EXPECT_TRUE(producer->commit_transaction(kNoWait).fenced());
}

TEST_F(Faults, ATransactionCanBeMadeToTimeOut) {
    const auto producer = make_transactional();
    EXPECT_FALSE(broker.expire_transaction("x"));
    send(*producer, "1");
    ASSERT_TRUE(producer->flush(kNoWait).ok());

    EXPECT_TRUE(broker.expire_transaction("x"));

    EXPECT_TRUE(producer->commit_transaction(kNoWait).fenced());
    EXPECT_THAT(values(), IsEmpty());
}

TEST(RealTime, CallsWaitForBrokersToReturn) {
    EmbeddedBroker broker;
    broker.create_topic("t");
    broker.set_available(false);
    const auto admin = broker.clients()->make_admin({});
    std::thread repair([&] { broker.set_available(true); });

    EXPECT_TRUE(admin->list_topics(std::chrono::minutes(1)).ok());
    repair.join();
}

}  // namespace
}  // namespace millrace::testing
