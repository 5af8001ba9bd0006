// SPDX-License-Identifier: Apache-2.0
#include "support/kafka_broker.hpp"
#include "support/kafka_clients.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::Field;
using ::testing::Optional;
using ::testing::SizeIs;

#define ASSERT_OK(call)                                     \
    do {                                                    \
        const kafka::Status ok_status = (call);             \
        ASSERT_TRUE(ok_status.ok()) << ok_status.message(); \
    } while (false)

struct Transactional {
    explicit Transactional(kafka::ClientSupplier& clients,
                           const std::string& id = unique_name("transactions"),
                           const kafka::ClientSettings& more = {}) {
        kafka::ClientSettings settings = more;
        settings.emplace("transactional.id", id);
        producer = clients.make_producer(settings, listener);
    }

    kafka::Status send(const std::string& topic, const std::string& value) {
        return producer->send({.topic = producer->topic(topic), .partition = 0, .value = value});
    }

    RecordingProducerListener listener;
    std::unique_ptr<kafka::Producer> producer;
};

/// The values that a consumer reads in partition 0 up to the end, and its queue's position there.
std::pair<std::vector<std::string>, Offset> read_all(kafka::ClientSupplier& clients,
                                                     const std::string& topic,
                                                     const std::string& isolation) {
    RecordingConsumerListener listener;
    const auto consumer = clients.make_consumer({{"isolation.level", isolation}}, nullptr);
    const kafka::StartPosition start{{topic, 0}};
    EXPECT_TRUE(consumer->assign({&start, 1}, listener).ok());
    auto& queue = *consumer->queue({topic, 0});
    std::vector<std::string> values;
    std::vector<kafka::Message> messages;
    EXPECT_TRUE(poll_until({consumer.get()}, [&] {
        queue.read(messages, 100);
        for (const auto& message : messages) {
            values.emplace_back(*message.value());
        }
        messages.clear();
        return queue.lag() == 0;
    }));
    return {values, queue.position().value_or(-1)};
}

TEST(RdTransactions, ShowsCommittedRecordsOnlyAndCountsControlRecordsInThePosition) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "transactions");
    Transactional writer(*clients);
    ASSERT_OK(writer.producer->init_transactions(kPatience));

    ASSERT_OK(writer.producer->begin_transaction());
    ASSERT_OK(writer.send(topic, "aborted"));
    ASSERT_OK(writer.producer->flush(kPatience));
    ASSERT_OK(writer.producer->abort_transaction(kPatience));
    ASSERT_OK(writer.producer->begin_transaction());
    ASSERT_OK(writer.send(topic, "committed"));
    ASSERT_OK(writer.producer->commit_transaction(kPatience));
    ASSERT_OK(writer.producer->begin_transaction());
    ASSERT_OK(writer.send(topic, "open"));
    ASSERT_OK(writer.producer->flush(kPatience));

    EXPECT_THAT(read_all(*clients, topic, "read_committed"),
                ::testing::Pair(ElementsAre("committed"), 4));
    EXPECT_THAT(read_all(*clients, topic, "read_uncommitted"),
                ::testing::Pair(ElementsAre("aborted", "committed", "open"), 5));
    const TopicPartition which{topic, 0};
    const auto admin = clients->make_admin({});
    EXPECT_THAT(admin
                    ->list_offsets({&which, 1}, kafka::OffsetSpec::kLatest,
                                   kafka::Isolation::kReadCommitted, kPatience)
                    .value(),
                ElementsAre(4));
    EXPECT_THAT(admin
                    ->list_offsets({&which, 1}, kafka::OffsetSpec::kLatest,
                                   kafka::Isolation::kReadUncommitted, kPatience)
                    .value(),
                ElementsAre(5));
    ASSERT_OK(writer.producer->abort_transaction(kPatience));
}

TEST(RdTransactions, DiscardsUnsentRecordsWhenAborting) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "purged");
    Transactional writer(*clients, unique_name("transactions"), {{"linger.ms", "1000"}});
    ASSERT_OK(writer.producer->init_transactions(kPatience));
    ASSERT_OK(writer.producer->begin_transaction());
    ASSERT_OK(writer.send(topic, "waits"));

    ASSERT_OK(writer.producer->abort_transaction(kPatience));

    ASSERT_THAT(writer.listener.failures, SizeIs(1));
    EXPECT_EQ(writer.listener.failures[0].status.code(), kafka::ErrorCode::kPurged);
}

TEST(RdTransactions, CommitsOffsetsWithTheRecords) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "offsets");
    const std::string group = unique_name("group");
    RecordingConsumerListener listener;
    const auto consumer =
        clients->make_consumer({{"group.id", group}}, std::make_shared<ToyAssignor>("x"));
    ASSERT_OK(consumer->subscribe({.topics = {topic}}, listener));
    ASSERT_TRUE(poll_until({consumer.get()}, [&] { return !listener.owned.empty(); }));
    Transactional writer(*clients);
    ASSERT_OK(writer.producer->init_transactions(kPatience));
    ASSERT_OK(writer.producer->begin_transaction());
    const kafka::OffsetCommit commit{{topic, 0}, 17, -1, "meta"};
    ASSERT_OK(writer.producer->send_offsets({&commit, 1}, consumer->group_metadata(), kPatience));

    // Open: not readable.
    const TopicPartition which{topic, 0};
    EXPECT_THAT(consumer->committed({&which, 1}, milliseconds(1500)).status().code(),
                ::testing::AnyOf(kafka::ErrorCode::kUnstableOffsets, kafka::ErrorCode::kTimedOut));

    ASSERT_OK(writer.producer->commit_transaction(kPatience));
    const auto committed = consumer->committed({&which, 1}, kPatience);
    ASSERT_OK(committed.status());
    EXPECT_THAT(committed.value(),
                ElementsAre(AllOf(Field(&kafka::CommittedOffset::offset, Optional(Offset{17})),
                                  Field(&kafka::CommittedOffset::metadata, "meta"))));
}

TEST(RdTransactions, RefusesOffsetsOfAFormerMember) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "zombie");
    RecordingConsumerListener listener;
    const auto consumer = clients->make_consumer({{"group.id", unique_name("group")}},
                                                 std::make_shared<ToyAssignor>("x"));
    ASSERT_OK(consumer->subscribe({.topics = {topic}}, listener));
    ASSERT_TRUE(poll_until({consumer.get()}, [&] { return !listener.owned.empty(); }));
    const kafka::GroupMetadata before = consumer->group_metadata();
    consumer->close(kPatience);
    Transactional writer(*clients);
    ASSERT_OK(writer.producer->init_transactions(kPatience));
    ASSERT_OK(writer.producer->begin_transaction());
    const kafka::OffsetCommit commit{{topic, 0}, 1, -1, ""};

    const kafka::Status status = writer.producer->send_offsets({&commit, 1}, before, kPatience);

    EXPECT_EQ(status.code(), kafka::ErrorCode::kUnknownMember) << status.message();
    EXPECT_TRUE(status.must_abort_transaction());
    ASSERT_OK(writer.producer->abort_transaction(kPatience));
}

TEST(RdTransactions, FencesTheEarlierProducerOfTheSameId) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "fenced");
    const std::string id = unique_name("transactions");
    Transactional old(*clients, id);
    ASSERT_OK(old.producer->init_transactions(kPatience));
    ASSERT_OK(old.producer->begin_transaction());
    ASSERT_OK(old.send(topic, "from the old one"));
    ASSERT_OK(old.producer->flush(kPatience));

    Transactional young(*clients, id);
    ASSERT_OK(young.producer->init_transactions(kPatience));

    const kafka::Status status = old.producer->commit_transaction(kPatience);
    EXPECT_TRUE(status.fenced()) << status.message();
    EXPECT_TRUE(status.fatal());
    const kafka::Status refused = old.send(topic, "too late");
    EXPECT_TRUE(refused.fenced() && refused.fatal()) << refused.message();
    EXPECT_THAT(read_all(*clients, topic, "read_committed").first, SizeIs(0));
}

TEST(RdTransactions, RefusesCallsOutOfOrder) {
    const auto clients = real_clients();
    Transactional writer(*clients);

    const kafka::Status status = writer.producer->begin_transaction();

    EXPECT_EQ(status.code(), kafka::ErrorCode::kInvalidTransactionState);
}

TEST(RdTransactions, AcceptsAShortTransactionTimeout) {
    // librdkafka requires that message.timeout.ms is not longer, and lowers its default.
    const auto clients = real_clients();
    Transactional writer(*clients, unique_name("transactions"),
                         {{"transaction.timeout.ms", "10000"}});

    EXPECT_TRUE(writer.producer->init_transactions(kPatience).ok());
}

}  // namespace
}  // namespace millrace::testing
