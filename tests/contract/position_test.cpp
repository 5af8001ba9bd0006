// SPDX-License-Identifier: Apache-2.0
#include "contract/contract.hpp"

#include <chrono>
#include <string>
#include <thread>

namespace millrace::testing {
namespace {

using kafka::ErrorCode;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::SizeIs;

class Positions : public Contract {
  protected:
    std::string topic_with(int count, std::int32_t partitions = 1) {
        const auto topic = create_topic(partitions);
        produce(topic, 0, count);
        return topic;
    }

    void produce(const std::string& topic, int first, int count) {
        const auto producer = make_producer();
        for (int i = first; i < first + count; ++i) {
            producer->send(topic, "k", std::to_string(i));
        }
        producer->flush();
    }

    /// Reads until no records are left and the end is known.
    void read_to_end(TestConsumer& consumer, const TopicPartition& partition) {
        eventually("the end", [&] {
            consumer.poll(patience());
            return consumer->queue(partition)->lag() == 0;
        });
    }

    /// Reads that many records and leaves the rest.
    void read_some(TestConsumer& consumer, const TopicPartition& partition, std::size_t count) {
        auto* queue = consumer->queue(partition);
        std::vector<kafka::Message> messages;
        eventually("some records", [&] {
            consumer.poll_only(patience());
            queue->read(messages, count - messages.size());
            return messages.size() == count;
        });
    }
};

TEST_P(Positions, AreUnknownBeforeTheFirstFetch) {
    const auto topic = topic_with(3);
    const auto consumer = make_consumer();
    consumer->assign({topic, 0});

    EXPECT_EQ((*consumer)->queue({topic, 0})->lag(), std::nullopt);
}

TEST_P(Positions, FollowTheRecordsThatAreRead) {
    const auto topic = topic_with(5);
    const auto consumer = make_consumer();
    consumer->assign({topic, 0});
    auto* queue = (*consumer)->queue({topic, 0});
    read_some(*consumer, {topic, 0}, 3);

    EXPECT_THAT(queue->position(), Optional(3));
    EXPECT_THAT(queue->lag(), Optional(2));
}

TEST_P(Positions, ReachTheEndOfAnEmptyPartition) {
    const auto topic = create_topic();
    const auto consumer = make_consumer();
    consumer->assign({topic, 0});

    read_to_end(*consumer, {topic, 0});

    EXPECT_THAT((*consumer)->queue({topic, 0})->position(), Optional(0));
}

TEST_P(Positions, PassTheMarkersOfTransactions) {
    const auto topic = create_topic();
    const auto producer = make_producer({{"transactional.id", unique("t")}});
    producer->init();
    producer->begin();
    producer->send(topic, "k", "1");
    producer->send(topic, "k", "2");
    producer->commit();
    const auto consumer = make_consumer();
    consumer->assign({topic, 0});
    read(*consumer, 2);

    read_to_end(*consumer, {topic, 0});

    EXPECT_THAT((*consumer)->queue({topic, 0})->position(), Optional(3));
    EXPECT_GE((*consumer)->queue({topic, 0})->leader_epoch(), 0) << "the epoch of the marker";
}

TEST_P(Positions, StartAtTheRequestedOffset) {
    const auto topic = topic_with(5);
    const auto consumer = make_consumer();
    consumer->assign({topic, 0}, 3);

    EXPECT_THAT(values_of(read(*consumer, 2)), ElementsAre("3", "4"));
}

TEST_P(Positions, StartAtTheEndOnRequest) {
    const auto topic = topic_with(5);
    const auto consumer = make_consumer();
    consumer->assign({topic, 0}, kafka::kFromEnd);
    read_to_end(*consumer, {topic, 0});

    produce(topic, 5, 1);

    EXPECT_THAT(values_of(read(*consumer, 1)), ElementsAre("5"));
}

TEST_P(Positions, MoveBackAndForthBySeeking) {
    const auto topic = topic_with(5);
    const auto consumer = make_consumer();
    consumer->assign({topic, 0});
    read(*consumer, 5);

    require_ok((*consumer)->seek({{topic, 0}, 1}));
    EXPECT_THAT(values_of(read(*consumer, 4)), ElementsAre("1", "2", "3", "4"));
    require_ok((*consumer)->seek({{topic, 0}, kafka::kFromBeginning}));
    EXPECT_THAT(values_of(read(*consumer, 5)), ElementsAre("0", "1", "2", "3", "4"));
}

TEST_P(Positions, DropRecordsFetchedBeforeASeek) {
    const auto topic = topic_with(5);
    const auto consumer = make_consumer();
    consumer->assign({topic, 0});
    read_some(*consumer, {topic, 0}, 2);

    require_ok((*consumer)->seek({{topic, 0}, 4}));

    EXPECT_THAT(values_of(read(*consumer, 1)), ElementsAre("4"));
}

TEST_P(Positions, BeyondTheEndAreAnErrorThatASeekResolves) {
    const auto topic = topic_with(2);
    const auto consumer = make_consumer();
    consumer->assign({topic, 0}, 7);

    eventually("the error", [&] {
        consumer->poll(patience());
        return consumer->has_partition_error(ErrorCode::kOffsetOutOfRange);
    });
    EXPECT_EQ(consumer->partition_errors()[0].first, (TopicPartition{topic, 0}));

    require_ok((*consumer)->seek({{topic, 0}, 1}));
    EXPECT_THAT(values_of(read(*consumer, 1)), ElementsAre("1"));
}

TEST_P(Positions, BeforeTheFirstRecordAreAnError) {
    const auto topic = topic_with(5);
    const kafka::StartPosition before{{topic, 0}, 3};
    require_ok(require_value(admin().delete_records({&before, 1}, kTimeout)).front());
    const auto consumer = make_consumer();
    consumer->assign({topic, 0}, 1);

    eventually("the error", [&] {
        consumer->poll(patience());
        return consumer->has_partition_error(ErrorCode::kOffsetOutOfRange);
    });

    require_ok((*consumer)->seek({{topic, 0}, kafka::kFromBeginning}));
    EXPECT_THAT(values_of(read(*consumer, 2)), ElementsAre("3", "4"));
}

TEST_P(Positions, OfAPartitionThatIsNotReadDoNotMove) {
    const auto topic = topic_with(3, 2);
    const auto producer = make_producer();
    kafka::ProducerRecord other;
    other.topic = (*producer)->topic(topic);
    other.partition = 1;
    other.value = "other";
    require_ok((*producer)->send(other));
    producer->flush();
    const auto consumer = make_consumer();
    consumer->assign({topic, 0});
    consumer->assign({topic, 1});
    std::vector<kafka::Message> messages;
    eventually("the other partition's record", [&] {
        consumer->poll_only(patience());
        return (*consumer)->queue({topic, 1})->read(messages, 10) == 1;
    });
    messages.clear();

    EXPECT_THAT(values_of(read(*consumer, 3)), ElementsAre("0", "1", "2"));
}

TEST_P(Positions, EndWithTheAssignment) {
    const auto topic = topic_with(3);
    const auto consumer = make_consumer();
    consumer->assign({topic, 0});
    read(*consumer, 3);
    const TopicPartition partition{topic, 0};

    require_ok((*consumer)->unassign({&partition, 1}));
    EXPECT_EQ((*consumer)->queue(partition), nullptr);

    consumer->assign(partition, 2);
    EXPECT_THAT(values_of(read(*consumer, 1)), ElementsAre("2"));
}

TEST_P(Positions, CannotBeSoughtWithoutAssignment) {
    const auto topic = topic_with(1);
    const auto consumer = make_consumer();

    EXPECT_FALSE((*consumer)->seek({{topic, 0}, 0}).ok());
}

TEST_P(Positions, AreWaitedForByAPollThatAWakeUpEnds) {
    const auto topic = create_topic();
    const auto consumer = make_consumer();
    consumer->assign({topic, 0});
    read_to_end(*consumer, {topic, 0});

    (*consumer)->wake_up();
    consumer->poll_only(std::chrono::minutes(10));  // Ended by the earlier wake-up.

    std::thread other([&] { (*consumer)->wake_up(); });
    consumer->poll_only(std::chrono::minutes(10));
    other.join();
    EXPECT_THAT(consumer->take_records(), IsEmpty());
}

TEST_P(Positions, AreWaitedForByAPollThatANewRecordEnds) {
    const auto topic = create_topic();
    const auto consumer = make_consumer();
    consumer->assign({topic, 0});
    read_to_end(*consumer, {topic, 0});

    std::thread other([&] { produce(topic, 0, 1); });
    eventually("the record", [&] {
        consumer->poll(std::chrono::minutes(10));
        return consumer->record_count() == 1;
    });
    other.join();
}

INSTANTIATE_TEST_SUITE_P(Embedded, Positions, ::testing::Values(BrokerKind::kEmbedded));
INSTANTIATE_TEST_SUITE_P(RealKafka, Positions, ::testing::Values(BrokerKind::kRealKafka));

}  // namespace
}  // namespace millrace::testing
