// SPDX-License-Identifier: Apache-2.0
#include "contract/contract.hpp"

#include "kafka/murmur2.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <future>
#include <numeric>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace millrace::testing {
namespace {

using kafka::ErrorCode;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Optional;
using ::testing::SizeIs;

class ProduceConsume : public Contract {
  protected:
    kafka::ProducerRecord record(TestProducer& producer, const std::string& topic,
                                 const NullableBytes& key, const NullableBytes& value) {
        kafka::ProducerRecord record;
        record.topic = producer->topic(topic);
        record.key = key;
        record.value = value;
        return record;
    }

    // The first `count` records of the partition, as returned by the consumer.
    std::vector<kafka::Message> borrow(TestConsumer& consumer, const TopicPartition& partition,
                                       std::size_t count) {
        consumer.assign(partition);
        std::vector<kafka::Message> messages;
        eventually("read " + std::to_string(count) + " records", [&] {
            consumer.poll_only(patience());
            consumer->queue(partition)->read(messages, count - messages.size());
            return messages.size() == count;
        });
        return messages;
    }
};

TEST_P(ProduceConsume, DeliversThePartitionsRecordsInTheOrderOfSending) {
    const auto topic = create_topic();
    const auto producer = make_producer();
    for (int i = 0; i < 1'000; ++i) {
        producer->send(topic, "k", std::to_string(i));
    }
    producer->flush();

    const auto records = read_all({topic, 0});

    ASSERT_THAT(records, SizeIs(1'000));
    for (int i = 0; i < 1'000; ++i) {
        ASSERT_EQ(records[static_cast<std::size_t>(i)].value, std::to_string(i));
        ASSERT_EQ(records[static_cast<std::size_t>(i)].offset, i);
    }
}

// Records of one fetch share its memory, which must live until the last of them is freed, in any
// order.
TEST_P(ProduceConsume, KeepsEachRecordUntilItIsFreedInAnyOrderByAnyThread) {
    constexpr std::size_t kCount = 3'000;
    const auto topic = create_topic();
    const auto producer = make_producer();
    for (std::size_t i = 0; i < kCount; ++i) {
        producer->send(topic, "k", Bytes(100, '.') + std::to_string(i));
    }
    producer->flush();
    const auto consumer = make_consumer();
    std::vector<kafka::Message> messages = borrow(*consumer, {topic, 0}, kCount);

    std::vector<std::size_t> order(kCount);
    std::iota(order.begin(), order.end(), 0U);
    std::shuffle(order.begin(), order.end(), std::mt19937(1));
    const auto give_back = [&](std::size_t from, std::size_t to) {
        std::size_t wrong = 0;
        for (std::size_t at = from; at < to; ++at) {
            kafka::Message& message = messages[order[at]];
            wrong += message.value() == Bytes(100, '.') + std::to_string(order[at]) ? 0 : 1;
            message.release();
        }
        return wrong;
    };
    auto other = std::async(std::launch::async, give_back, 0, kCount / 2);
    EXPECT_EQ(give_back(kCount / 2, kCount), 0U);
    EXPECT_EQ(other.get(), 0U);
}

TEST_P(ProduceConsume, DistinguishesNullFromEmpty) {
    const auto topic = create_topic();
    const auto producer = make_producer();
    producer->send(topic, std::nullopt, std::nullopt);
    producer->send(topic, "", "");
    producer->send(topic, "k", std::nullopt);
    producer->flush();

    const auto records = read_all({topic, 0});

    ASSERT_THAT(records, SizeIs(3));
    EXPECT_EQ(records[0].key, std::nullopt);
    EXPECT_EQ(records[0].value, std::nullopt);
    EXPECT_THAT(records[1].key, Optional(Bytes()));
    EXPECT_THAT(records[1].value, Optional(Bytes()));
    EXPECT_THAT(records[2].key, Optional(Bytes("k")));
    EXPECT_EQ(records[2].value, std::nullopt);
}

TEST_P(ProduceConsume, KeepsBytesOfAnyValue) {
    const auto topic = create_topic();
    const auto producer = make_producer();
    const Bytes bytes("\0\xff\x80\n", 4);
    producer->send(topic, bytes, bytes);
    producer->flush();

    const auto records = read_all({topic, 0});

    ASSERT_THAT(records, SizeIs(1));
    EXPECT_THAT(records[0].key, Optional(bytes));
    EXPECT_THAT(records[0].value, Optional(bytes));
}

TEST_P(ProduceConsume, KeepsHeadersInOrderWithRepeatedKeysAndNullValues) {
    const auto topic = create_topic();
    const auto producer = make_producer();
    const Headers headers{{"a", "1"}, {"b", std::nullopt}, {"a", ""}, {"", "no name"}};
    auto with_headers = record(*producer, topic, "k", "v");
    with_headers.headers = &headers;
    require_ok((*producer)->send(with_headers));
    producer->send(topic, "k", "none");
    producer->flush();

    const auto records = read_all({topic, 0});

    ASSERT_THAT(records, SizeIs(2));
    EXPECT_EQ(records[0].headers, headers);
    EXPECT_TRUE(records[1].headers.empty());
}

TEST_P(ProduceConsume, KeepsTheTimestampGiven) {
    const auto topic = create_topic();
    const auto producer = make_producer();
    auto dated = record(*producer, topic, "k", "v");
    dated.timestamp = timestamp_of(1'234'567'890'123);
    require_ok((*producer)->send(dated));
    dated.timestamp = timestamp_of(0);
    require_ok((*producer)->send(dated));
    producer->flush();

    const auto records = read_all({topic, 0});

    ASSERT_THAT(records, SizeIs(2));
    EXPECT_EQ(records[0].timestamp, timestamp_of(1'234'567'890'123));
    EXPECT_EQ(records[1].timestamp, timestamp_of(0));
}

TEST_P(ProduceConsume, RefusesANegativeTimestamp) {
    const auto topic = create_topic();
    const auto producer = make_producer();
    auto negative = record(*producer, topic, "k", "v");
    negative.timestamp = timestamp_of(-1);

    const kafka::Status status = (*producer)->send(negative);

    EXPECT_EQ(status.code(), ErrorCode::kInvalidRecord);
    EXPECT_THAT(status.message(), AllOf(HasSubstr(topic), HasSubstr("negative timestamp -1")));
}

TEST_P(ProduceConsume, SetsTheCurrentTimeOnARecordWithoutTimestamp) {
    const auto topic = create_topic();
    const auto producer = make_producer();
    producer->send(topic, "k", "v");
    producer->flush();

    const auto records = read_all({topic, 0});

    ASSERT_THAT(records, SizeIs(1));
    EXPECT_GE(records[0].timestamp, timestamp_of(1'750'000'000'000));
}

TEST_P(ProduceConsume, ReplacesTimestampsIfTheTopicUsesLogAppendTime) {
    const auto topic = create_topic(1, {{"message.timestamp.type", "LogAppendTime"}});
    const auto producer = make_producer();
    auto dated = record(*producer, topic, "k", "v");
    dated.timestamp = timestamp_of(5);
    require_ok((*producer)->send(dated));
    producer->flush();

    const auto records = read_all({topic, 0});

    ASSERT_THAT(records, SizeIs(1));
    EXPECT_GE(records[0].timestamp, timestamp_of(1'750'000'000'000));
}

TEST_P(ProduceConsume, AssignsKeysToThePartitionsThatKafkasClientsChoose) {
    const auto topic = create_topic(7);
    const auto producer = make_producer();
    for (int i = 0; i < 100; ++i) {
        const std::string key = "key-" + std::to_string(i);
        require_ok((*producer)->send(record(*producer, topic, key, "v")));
    }
    require_ok((*producer)->send(record(*producer, topic, "", "of the empty key")));
    producer->flush();

    std::size_t count = 0;
    for (Partition partition = 0; partition < 7; ++partition) {
        for (const auto& read : read_all({topic, partition})) {
            EXPECT_EQ(kafka::partition_for_key(*read.key, 7), partition) << *read.key;
            ++count;
        }
    }
    EXPECT_EQ(count, 101u);
}

TEST_P(ProduceConsume, DeliversRecordsWithoutKeyToAnyPartition) {
    const auto topic = create_topic(3);
    const auto producer = make_producer();
    for (int i = 0; i < 20; ++i) {
        require_ok((*producer)->send(record(*producer, topic, std::nullopt, "v")));
    }
    producer->flush();

    std::size_t count = 0;
    for (Partition partition = 0; partition < 3; ++partition) {
        count += read_all({topic, partition}).size();
    }
    EXPECT_EQ(count, 20u);
}

TEST_P(ProduceConsume, ReportsTheLargestOffsetTheBrokerGave) {
    const auto topic = create_topic();
    const auto producer = make_producer();
    Offset acknowledged = -1;
    Offset ahead = 10;
    auto wanted = record(*producer, topic, "k", "v");
    wanted.partition = 0;
    wanted.acknowledged = &acknowledged;
    for (int i = 0; i < 3; ++i) {
        require_ok((*producer)->send(wanted));
    }
    wanted.acknowledged = &ahead;
    require_ok((*producer)->send(wanted));
    producer->flush();

    EXPECT_EQ(acknowledged, 2);
    EXPECT_EQ(ahead, 10);
    EXPECT_EQ(end_offset({topic, 0}), 4);
}

TEST_P(ProduceConsume, DeliversRecordsSentBeforeAPollWithoutAFlush) {
    const auto topic = create_topic();
    const auto producer = make_producer();
    Offset acknowledged = -1;
    auto wanted = record(*producer, topic, "k", "v");
    wanted.acknowledged = &acknowledged;
    require_ok((*producer)->send(wanted));

    eventually("the acknowledgement", [&] {
        (*producer)->poll();
        return std::atomic_ref(acknowledged).load() == 0;
    });
    EXPECT_THAT(producer->failed(), SizeIs(0));
}

TEST_P(ProduceConsume, RefusesARecordThatIsTooLarge) {
    const auto topic = create_topic();
    const auto producer = make_producer();
    const std::string large(2'000'000, 'x');

    const auto status = (*producer)->send(record(*producer, topic, "k", large));

    EXPECT_EQ(status.code(), ErrorCode::kMessageTooLarge);
    EXPECT_THAT(status.message(), AllOf(HasSubstr(topic), HasSubstr("max.request.size"),
                                        HasSubstr("message.max.bytes"), HasSubstr("1000000")));
    EXPECT_THAT(producer->failed(), SizeIs(0));
}

TEST_P(ProduceConsume, FailsARecordThatIsTooLargeForTheTopic) {
    const auto topic = create_topic(1, {{"max.message.bytes", "5000"}});
    const auto producer = make_producer();
    producer->send(topic, "k", std::string(6'000, 'x'));
    producer->flush();

    ASSERT_THAT(producer->failed(), SizeIs(1));
    EXPECT_EQ(producer->failed()[0].status.code(), ErrorCode::kMessageTooLarge);
    EXPECT_THAT(producer->failed()[0].status.message(),
                AllOf(HasSubstr(topic), HasSubstr("max.message.bytes"), Not(HasSubstr("xxx"))))
        << "what is in a record does not belong into the log";
    EXPECT_THAT(producer->failed()[0].key, Optional(Bytes("k")));
    EXPECT_THAT(producer->failed()[0].value, Optional(SizeIs(6'000)));
}

TEST_P(ProduceConsume, RefusesABatchThatIsTooLargeForTheTopicWithAllItsRecords) {
    const auto topic = create_topic(1, {{"max.message.bytes", "1000"}});
    const auto producer = make_producer({{"linger.ms", "1000"}});
    for (int i = 0; i < 20; ++i) {
        producer->send(topic, "k", std::string(100, 'x'));
    }
    producer->flush();

    ASSERT_THAT(producer->failed(), SizeIs(20));
    EXPECT_EQ(producer->failed()[0].status.code(), ErrorCode::kMessageTooLarge);
    EXPECT_EQ(end_offset({topic, 0}), 0);
}

TEST_P(ProduceConsume, MeasuresBatchesToTheByte) {
    const auto topic = create_topic(1, {{"max.message.bytes", "1000"}});
    const auto producer = make_producer();
    constexpr std::size_t kOverhead = 71;  // 61 of the batch, 9 of the record, 1 of the key.
    producer->send(topic, "k", std::string(1'000 - kOverhead, 'x'));
    producer->flush();
    EXPECT_THAT(producer->failed(), SizeIs(0));
    producer->send(topic, "k", std::string(1'001 - kOverhead, 'x'));
    producer->flush();
    EXPECT_THAT(producer->failed(), SizeIs(1));

    // A header takes a byte for each of its two sizes.
    const auto other = make_producer();
    const std::string value(1'000 - kOverhead - 4, 'x');
    auto wanted = record(*other, topic, "k", value);
    wanted.partition = 0;
    const Headers fits{{"h", "1"}};
    wanted.headers = &fits;
    require_ok((*other)->send(wanted));
    other->flush();
    EXPECT_THAT(other->failed(), SizeIs(0));
    const Headers too_large{{"h", "12"}};
    wanted.headers = &too_large;
    require_ok((*other)->send(wanted));
    other->flush();
    EXPECT_THAT(other->failed(), SizeIs(1));
}

// Keeps small records in other batches than those that topics refuse.
TEST_P(ProduceConsume, SendsARecordThatIsLargerThanABatchInItsOwnBatch) {
    const auto topic = create_topic(1, {{"max.message.bytes", "1000"}});
    const auto producer = make_producer({{"linger.ms", "1000"}, {"batch.size", "1000"}});
    std::vector<std::string> expected;
    for (int i = 0; i < 40; ++i) {
        const std::string name = std::to_string(i);
        const bool large = i % 13 == 7;
        producer->send(topic, name, std::string(large ? 1'000 : 100, 'x'));
        if (!large) {
            expected.push_back(name);
        }
    }
    producer->flush();

    EXPECT_THAT(producer->failed(),
                ElementsAre(Field(&TestProducer::Failed::key, Optional(Bytes("7"))),
                            Field(&TestProducer::Failed::key, Optional(Bytes("20"))),
                            Field(&TestProducer::Failed::key, Optional(Bytes("33")))));
    std::vector<std::string> delivered;
    for (const RecordCopy& record : read_all({topic, 0})) {
        delivered.push_back(record.key.value_or("?"));
    }
    EXPECT_EQ(delivered, expected);
}

TEST_P(ProduceConsume, FailsARecordWithoutKeyOnACompactedTopic) {
    const auto topic = create_topic(1, {{"cleanup.policy", "compact"}});
    const auto producer = make_producer();
    producer->send(topic, std::nullopt, "v");
    producer->flush();

    ASSERT_THAT(producer->failed(), SizeIs(1));
    EXPECT_EQ(producer->failed()[0].status.code(), ErrorCode::kInvalidRecord);
    EXPECT_EQ(end_offset({topic, 0}), 0);
}

TEST_P(ProduceConsume, KnowsTheNumberOfPartitions) {
    const auto topic = create_topic(5);
    const auto producer = make_producer();

    EXPECT_EQ(require_value((*producer)->partition_count((*producer)->topic(topic), kTimeout)), 5);
    const auto missing = (*producer)->partition_count((*producer)->topic(unique("missing")),
                                                      std::chrono::seconds(3));
    ASSERT_FALSE(missing.ok());
    EXPECT_EQ(missing.status().code(), ErrorCode::kUnknownTopic);
}

TEST_P(ProduceConsume, RefusesAPartitionThatDoesNotExist) {
    const auto topic = create_topic(2);
    const auto producer = make_producer();
    // The producer must know the topic before it can detect the wrong partition.
    require_value((*producer)->partition_count((*producer)->topic(topic), kTimeout));
    auto misplaced = record(*producer, topic, "k", "v");
    misplaced.partition = 2;

    auto status = (*producer)->send(misplaced);
    if (status.ok()) {
        producer->flush();
        ASSERT_THAT(producer->failed(), SizeIs(1));
        status = producer->failed()[0].status;
    }

    EXPECT_EQ(status.code(), ErrorCode::kUnknownTopic);
}

TEST_P(ProduceConsume, ReturnsMessagesThatOutliveLaterReads) {
    const auto topic = create_topic();
    const auto producer = make_producer();
    producer->send(topic, "k", "first");
    producer->flush();
    const auto consumer = make_consumer();
    std::vector<kafka::Message> kept = borrow(*consumer, {topic, 0}, 1);

    producer->send(topic, "k", "second");
    producer->flush();
    read(*consumer, 1);

    EXPECT_EQ(kept[0].value(), "first");
    kept.clear();
}

// librdkafka does not mark errors of sends: a deleted topic is created again, so sending may
// succeed later.
TEST_P(ProduceConsume, ReportsTheEndOfATopicAsAnErrorThatMayPass) {
    const auto topic = create_topic();
    const auto producer = make_producer({{"topic.metadata.propagation.max.ms", "0"},
                                         {"topic.metadata.refresh.interval.ms", "100"}});
    producer->send(topic, "k", "v");
    producer->flush();
    const std::vector<std::string> names{topic};
    ASSERT_TRUE(admin().delete_topics(names, std::chrono::seconds(30)).ok());

    kafka::Status status;
    eventually("an error of a send", [&] {
        status = (**producer).send(record(*producer, topic, "k", "v"));
        (**producer).poll();
        return !status.ok() || !producer->failed().empty();
    });

    const kafka::Status& refused = status.ok() ? producer->failed().front().status : status;
    EXPECT_EQ(refused.code(), ErrorCode::kUnknownTopic) << refused.message();
    EXPECT_TRUE(refused.retriable());
}

INSTANTIATE_TEST_SUITE_P(Embedded, ProduceConsume, ::testing::Values(BrokerKind::kEmbedded));
INSTANTIATE_TEST_SUITE_P(RealKafka, ProduceConsume, ::testing::Values(BrokerKind::kRealKafka));

}  // namespace
}  // namespace millrace::testing
