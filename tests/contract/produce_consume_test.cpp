// SPDX-License-Identifier: Apache-2.0
#include "contract/produce_consume.hpp"

#include "kafka/murmur2.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <future>
#include <numeric>
#include <random>
#include <string>
#include <vector>

namespace millrace::testing {
namespace {

using kafka::ErrorCode;
using ::testing::Optional;
using ::testing::SizeIs;

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

TEST_P(ProduceConsume, KnowsTheNumberOfPartitions) {
    const auto topic = create_topic(5);
    const auto producer = make_producer();

    EXPECT_EQ(require_value((*producer)->partition_count((*producer)->topic(topic), kTimeout)), 5);
    const auto missing = (*producer)->partition_count((*producer)->topic(unique("missing")),
                                                      std::chrono::seconds(3));
    ASSERT_FALSE(missing.ok());
    EXPECT_EQ(missing.status().code(), ErrorCode::kUnknownTopic);
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

INSTANTIATE_TEST_SUITE_P(Embedded, ProduceConsume, ::testing::Values(BrokerKind::kEmbedded));
INSTANTIATE_TEST_SUITE_P(RealKafka, ProduceConsume, ::testing::Values(BrokerKind::kRealKafka));

}  // namespace
}  // namespace millrace::testing
