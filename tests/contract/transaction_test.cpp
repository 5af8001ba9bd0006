// SPDX-License-Identifier: Apache-2.0
#include "contract/contract.hpp"

#include <string>

namespace millrace::testing {
namespace {

using kafka::ErrorCode;
using kafka::Isolation;
using ::testing::AnyOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::Property;
using ::testing::SizeIs;

class Transactions : public Contract {
  protected:
    std::unique_ptr<TestProducer> make_transactional(const std::string& id,
                                                     kafka::ClientSettings settings = {}) {
        settings.emplace("transactional.id", id);
        auto producer = make_producer(std::move(settings));
        producer->init();
        return producer;
    }

    std::vector<std::string> committed_values(const TopicPartition& partition) {
        return values_of(read_all(partition, "read_committed"));
    }
    std::vector<std::string> all_values(const TopicPartition& partition) {
        return values_of(read_all(partition, "read_uncommitted"));
    }

    /// The only member of a new group, which owns the topic's partitions.
    std::unique_ptr<TestConsumer> make_member(const std::string& group, const std::string& topic,
                                              std::shared_ptr<TestAssignor> assignor) {
        auto member = make_consumer({{"group.id", group}, {"heartbeat.interval.ms", "100"}},
                                    std::move(assignor));
        member->subscribe(topic);
        poll_until("an assignment", {member.get()}, [&] { return !member->held().empty(); });
        return member;
    }

    kafka::Status send_offset(TestProducer& producer, const kafka::GroupMetadata& group,
                              const TopicPartition& partition, Offset offset) {
        const kafka::OffsetCommit commit{partition, offset, -1, "m"};
        return producer->send_offsets({&commit, 1}, group, kTimeout);
    }

    std::map<TopicPartition, kafka::CommittedOffset> group_offsets(const std::string& group,
                                                                   const std::string& topic) {
        const TopicPartition first{topic, 0};
        return require_value(admin().group_offsets(group, {&first, 1}, kTimeout));
    }
};

TEST_P(Transactions, ShowCommittedRecordsToAllConsumers) {
    const auto topic = create_topic();
    const auto producer = make_transactional(unique("t"));
    producer->begin();
    producer->send(topic, "k", "1");
    producer->send(topic, "k", "2");
    producer->commit();

    await_committed({topic, 0}, 3);
    EXPECT_THAT(committed_values({topic, 0}), ElementsAre("1", "2"));
    EXPECT_THAT(all_values({topic, 0}), ElementsAre("1", "2"));
}

TEST_P(Transactions, HideAbortedRecordsFromReadCommittedConsumers) {
    const auto topic = create_topic();
    const auto producer = make_transactional(unique("t"));
    producer->begin();
    producer->send(topic, "k", "aborted");
    producer->flush();
    producer->abort();
    producer->begin();
    producer->send(topic, "k", "committed");
    producer->commit();

    await_committed({topic, 0}, 4);
    EXPECT_THAT(committed_values({topic, 0}), ElementsAre("committed"));
    EXPECT_THAT(all_values({topic, 0}), ElementsAre("aborted", "committed"));
}

TEST_P(Transactions, HoldBackEverythingAfterTheOldestOpenOne) {
    const auto topic = create_topic();
    const auto open = make_transactional(unique("t"));
    const auto other = make_transactional(unique("t"));
    const auto plain = make_producer();
    plain->send(topic, "k", "before");
    plain->flush();
    open->begin();
    open->send(topic, "k", "open");
    open->flush();
    other->begin();
    other->send(topic, "k", "other");
    other->commit();
    plain->send(topic, "k", "plain");
    plain->flush();

    EXPECT_THAT(committed_values({topic, 0}), ElementsAre("before"));
    EXPECT_THAT(all_values({topic, 0}), ElementsAre("before", "open", "other", "plain"));
    EXPECT_EQ(end_offset({topic, 0}, Isolation::kReadCommitted), 1);
    eventually("the end of the other transaction",
               [&] { return end_offset({topic, 0}, Isolation::kReadUncommitted) == 5; });

    open->commit();

    await_committed({topic, 0}, 6);
    EXPECT_THAT(committed_values({topic, 0}), ElementsAre("before", "open", "other", "plain"));
}

TEST_P(Transactions, EndWithAMarkerThatHasAnOffset) {
    const auto topic = create_topic();
    const auto producer = make_transactional(unique("t"));
    producer->begin();
    producer->send(topic, "k", "1");
    producer->commit();
    await_committed({topic, 0}, 2);
    producer->begin();
    producer->send(topic, "k", "2");
    producer->commit();

    await_committed({topic, 0}, 4);
    const auto records = read_all({topic, 0});

    EXPECT_THAT(records, ElementsAre(Field(&RecordCopy::offset, 0), Field(&RecordCopy::offset, 2)));
}

TEST_P(Transactions, SpanPartitions) {
    const auto first = create_topic();
    const auto second = create_topic();
    const auto producer = make_transactional(unique("t"));
    producer->begin();
    producer->send(first, "k", "1");
    producer->send(second, "k", "2");
    producer->flush();
    EXPECT_THAT(committed_values({first, 0}), IsEmpty());
    EXPECT_THAT(committed_values({second, 0}), IsEmpty());

    producer->commit();

    await_committed({first, 0}, 2);
    await_committed({second, 0}, 2);
    EXPECT_THAT(committed_values({first, 0}), ElementsAre("1"));
    EXPECT_THAT(committed_values({second, 0}), ElementsAre("2"));
}

TEST_P(Transactions, MayBeEmpty) {
    const auto topic = create_topic();
    const auto producer = make_transactional(unique("t"));
    producer->begin();
    producer->commit();
    producer->begin();
    producer->abort();

    EXPECT_EQ(end_offset({topic, 0}), 0);
}

TEST_P(Transactions, MustBeStartedInOrder) {
    const auto topic = create_topic();
    const auto producer = make_producer({{"transactional.id", unique("t")}});
    kafka::ProducerRecord record;
    record.topic = (*producer)->topic(topic);

    EXPECT_EQ((*producer)->begin_transaction().code(), ErrorCode::kInvalidTransactionState);
    producer->init();
    EXPECT_EQ((*producer)->send(record).code(), ErrorCode::kInvalidTransactionState);
    EXPECT_EQ((*producer)->commit_transaction(kTimeout).code(),
              ErrorCode::kInvalidTransactionState);
    producer->begin();
    EXPECT_EQ((*producer)->begin_transaction().code(), ErrorCode::kInvalidTransactionState);
}

TEST_P(Transactions, PurgeUnsentRecordsWhenAborted) {
    const auto topic = create_topic();
    const auto producer = make_transactional(unique("t"), {{"linger.ms", "10000"}});
    producer->begin();
    producer->send(topic, "k", "never");
    producer->abort();

    ASSERT_THAT(producer->failed(), SizeIs(1));
    EXPECT_EQ(producer->failed()[0].status.code(), ErrorCode::kPurged);
    EXPECT_THAT(committed_values({topic, 0}), IsEmpty());
}

TEST_P(Transactions, MustBeAbortedWhenARecordFailed) {
    const auto topic = create_topic(1, {{"max.message.bytes", "5000"}});
    const auto id = unique("t");
    const auto producer = make_transactional(id);
    producer->begin();
    producer->send(topic, "k", std::string(6'000, 'x'));

    const auto status = (*producer)->commit_transaction(kTimeout);

    EXPECT_TRUE(status.must_abort_transaction()) << status.message();
    EXPECT_FALSE(status.fatal());
    producer->abort();

    // librdkafka continues with a gap in its sequence numbers, which the broker refuses: to
    // continue reliably, create a new producer.
    const auto next = make_transactional(id);
    next->begin();
    next->send(topic, "k", "small");
    next->commit();
    eventually("the record of the new producer",
               [&] { return !committed_values({topic, 0}).empty(); });
    EXPECT_THAT(committed_values({topic, 0}), ElementsAre("small"));
}

TEST_P(Transactions, FenceEarlierProducersOfTheirId) {
    const auto topic = create_topic();
    const auto id = unique("t");
    const auto zombie = make_transactional(id);
    zombie->begin();
    zombie->send(topic, "k", "zombie");
    zombie->flush();

    const auto heir = make_transactional(id);
    heir->begin();
    heir->send(topic, "k", "heir");
    heir->commit();

    kafka::ProducerRecord record;
    record.topic = (*zombie)->topic(topic);
    const auto sent = (*zombie)->send(record);
    const auto status = sent.ok() ? (*zombie)->commit_transaction(kTimeout) : sent;
    EXPECT_TRUE(status.fenced()) << status.message();
    EXPECT_TRUE(status.fatal());
    await_committed({topic, 0}, 4);
    EXPECT_THAT(committed_values({topic, 0}), ElementsAre("heir"));
}

TEST_P(Transactions, LeftOpenAreAbortedByTheNextProducerOfTheirId) {
    const auto topic = create_topic();
    const auto id = unique("t");
    auto crashed = make_transactional(id);
    crashed->begin();
    crashed->send(topic, "k", "crashed");
    crashed->flush();
    crashed.reset();
    EXPECT_EQ(end_offset({topic, 0}, Isolation::kReadCommitted), 0);

    make_transactional(id);

    await_committed({topic, 0}, 2);
    EXPECT_THAT(committed_values({topic, 0}), IsEmpty());
}

TEST_P(Transactions, LeftOpenTooLongAreAborted) {
    const auto topic = create_topic();
    const auto slow = make_transactional(
        unique("t"), {{"transaction.timeout.ms", "2000"}, {"message.timeout.ms", "2000"}});
    slow->begin();
    slow->send(topic, "k", "slow");
    slow->flush();

    let_pass(std::chrono::milliseconds(2'500));

    await_committed({topic, 0}, 2);
    EXPECT_FALSE((*slow)->commit_transaction(kTimeout).ok());
    EXPECT_THAT(committed_values({topic, 0}), IsEmpty());
}

TEST_P(Transactions, CommitOffsetsTogetherWithRecords) {
    const auto topic = create_topic();
    const auto group = unique("group");
    const auto member = make_member(group, topic, std::make_shared<TestAssignor>());
    const auto producer = make_transactional(unique("t"));
    producer->begin();
    producer->send(topic, "k", "v");
    require_ok(send_offset(*producer, (*member)->group_metadata(), {topic, 0}, 9));

    EXPECT_THAT(group_offsets(group, topic), IsEmpty());
    producer->commit();

    eventually("the offset", [&] { return !group_offsets(group, topic).empty(); });
    EXPECT_EQ(group_offsets(group, topic).at({topic, 0}).offset, 9);
    EXPECT_EQ(group_offsets(group, topic).at({topic, 0}).metadata, "m");
}

TEST_P(Transactions, DiscardOffsetsWhenAborted) {
    const auto topic = create_topic();
    const auto group = unique("group");
    const auto member = make_member(group, topic, std::make_shared<TestAssignor>());
    const auto producer = make_transactional(unique("t"));
    producer->begin();
    require_ok(send_offset(*producer, (*member)->group_metadata(), {topic, 0}, 9));
    producer->abort();
    producer->begin();
    require_ok(send_offset(*producer, (*member)->group_metadata(), {topic, 0}, 4));
    producer->commit();

    eventually("the offset", [&] { return !group_offsets(group, topic).empty(); });
    EXPECT_EQ(group_offsets(group, topic).at({topic, 0}).offset, 4);
}

TEST_P(Transactions, MakeTheirOffsetsUnstableUntilTheyEnd) {
    const auto topic = create_topic(2);
    const auto group = unique("group");
    const auto member = make_member(group, topic, std::make_shared<TestAssignor>());
    const auto producer = make_transactional(unique("t"));
    const TopicPartition touched{topic, 0};
    const TopicPartition other{topic, 1};
    producer->begin();
    require_ok(send_offset(*producer, (*member)->group_metadata(), touched, 9));

    const auto open = (*member)->committed({&touched, 1}, std::chrono::milliseconds(1'000));
    ASSERT_FALSE(open.ok());
    EXPECT_THAT(open.status().code(), AnyOf(ErrorCode::kUnstableOffsets, ErrorCode::kTimedOut));
    EXPECT_TRUE(open.status().retriable());
    EXPECT_EQ(require_value((*member)->committed({&other, 1}, kTimeout)).front().offset,
              std::nullopt);
    producer->commit();

    eventually("a stable offset", [&] {
        const auto offsets = (*member)->committed({&touched, 1}, kTimeout);
        return offsets.ok() && offsets.value().front().offset == 9;
    });
}

/// A stream thread that cannot read unstable offsets in a rebalance seeks when they are stable.
TEST_P(Transactions, DoNotKeepMembersFromSeekingWhileOffsetsAreUnstable) {
    const auto topic = create_topic();
    const auto group = unique("group");
    const auto plain = make_producer();
    plain->send(topic, "k", "1");
    plain->flush();
    const auto producer = make_transactional(unique("t"));
    {
        const auto first = make_member(group, topic, std::make_shared<TestAssignor>());
        producer->begin();
        require_ok(send_offset(*producer, (*first)->group_metadata(), {topic, 0}, 1));
    }
    const auto second = make_consumer({{"group.id", group}, {"heartbeat.interval.ms", "100"}},
                                      std::make_shared<TestAssignor>());
    second->start_with_no_positions();
    second->subscribe(topic);
    poll_until("an assignment", {second.get()}, [&] { return !second->held().empty(); });

    require_ok((*second)->seek({{topic, 0}, 0}));

    EXPECT_THAT(values_of(read(*second, 1)), ElementsAre("1"));
    EXPECT_THAT(second->errors(), IsEmpty());
    producer->abort();
}

TEST_P(Transactions, RefuseOffsetsOfAnEarlierGeneration) {
    const auto topic = create_topic(2);
    const auto group = unique("group");
    const auto member = make_member(group, topic, std::make_shared<TestAssignor>());
    const auto stale = (*member)->group_metadata();
    require_ok((*member)->request_rebalance());
    poll_until("another generation", {member.get()},
               [&] { return (*member)->group_metadata().generation > stale.generation; });
    const auto producer = make_transactional(unique("t"));
    producer->begin();
    producer->send(topic, "k", "v");

    const auto status = send_offset(*producer, stale, {topic, 0}, 9);

    EXPECT_EQ(status.code(), ErrorCode::kIllegalGeneration) << status.message();
    EXPECT_TRUE(status.must_abort_transaction());
    EXPECT_TRUE((*producer)->commit_transaction(kTimeout).must_abort_transaction());
    producer->abort();
    producer->begin();
    require_ok(send_offset(*producer, (*member)->group_metadata(), {topic, 0}, 9));
    producer->commit();
}

TEST_P(Transactions, RefuseOffsetsOfANonMember) {
    const auto topic = create_topic(2);
    const auto group = unique("group");
    const auto member = make_member(group, topic, std::make_shared<TestAssignor>());
    const auto former = (*member)->group_metadata();
    (*member)->close(kTimeout);
    const auto producer = make_transactional(unique("t"));
    producer->begin();

    const auto status = send_offset(*producer, former, {topic, 0}, 9);

    EXPECT_THAT(status.code(), AnyOf(ErrorCode::kUnknownMember, ErrorCode::kIllegalGeneration))
        << status.message();
    EXPECT_TRUE(status.must_abort_transaction());
}

INSTANTIATE_TEST_SUITE_P(Embedded, Transactions, ::testing::Values(BrokerKind::kEmbedded));
INSTANTIATE_TEST_SUITE_P(RealKafka, Transactions, ::testing::Values(BrokerKind::kRealKafka));

}  // namespace
}  // namespace millrace::testing
