// SPDX-License-Identifier: Apache-2.0
#include "integration/kafka/partition_reader.hpp"
#include "kafka/murmur2.hpp"

#include <map>

namespace millrace::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::Field;
using ::testing::Optional;
using ::testing::SizeIs;

TEST(RdProducer, SendsKeyValueTimestampAndHeadersUnchanged) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "records");
    RecordingProducerListener listener;
    const auto producer = clients->make_producer({}, listener);
    const Headers headers{
        {"trace", "abc"}, {"nothing", std::nullopt}, {"empty", ""}, {"trace", "d"}};
    const std::string binary("\x00\xff key", 6);
    Offset acknowledged = -1;

    ASSERT_TRUE(producer
                    ->send({.topic = producer->topic(topic),
                            .partition = 0,
                            .key = binary,
                            .value = "value",
                            .timestamp = timestamp_of(1234),
                            .headers = &headers,
                            .acknowledged = &acknowledged})
                    .ok());
    ASSERT_TRUE(producer->flush(kPatience).ok());

    Reader reader(*clients, topic);
    const auto records = read_records(*reader.consumer, {topic, 0}, 1);
    ASSERT_THAT(records, SizeIs(1));
    EXPECT_THAT(records[0], AllOf(Field(&ConsumedRecord::key, Optional(binary)),
                                  Field(&ConsumedRecord::value, Optional(Eq("value"))),
                                  Field(&ConsumedRecord::timestamp, Eq(timestamp_of(1234))),
                                  Field(&ConsumedRecord::offset, 0),
                                  Field(&ConsumedRecord::headers, Eq(headers))));
    EXPECT_EQ(acknowledged, 0);
    EXPECT_THAT(listener.failures, SizeIs(0));
}

TEST(RdProducer, DistinguishesNullFromEmpty) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "nulls");
    RecordingProducerListener listener;
    const auto producer = clients->make_producer({}, listener);
    const auto handle = producer->topic(topic);

    ASSERT_TRUE(producer->send({.topic = handle, .partition = 0, .key = {}, .value = {}}).ok());
    ASSERT_TRUE(
        producer->send({.topic = handle, .partition = 0, .key = BytesView(), .value = BytesView()})
            .ok());
    ASSERT_TRUE(producer->flush(kPatience).ok());

    Reader reader(*clients, topic);
    EXPECT_THAT(read_records(*reader.consumer, {topic, 0}, 2),
                ElementsAre(AllOf(Field(&ConsumedRecord::key, Eq(std::nullopt)),
                                  Field(&ConsumedRecord::value, Eq(std::nullopt))),
                            AllOf(Field(&ConsumedRecord::key, Optional(Eq(""))),
                                  Field(&ConsumedRecord::value, Optional(Eq(""))))));
}

TEST(RdProducer, KeepsATimestampOfZeroAndSetsAMissingOne) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "epoch");
    RecordingProducerListener listener;
    const auto producer = clients->make_producer({}, listener);
    const auto handle = producer->topic(topic);

    ASSERT_TRUE(
        producer
            ->send(
                {.topic = handle, .partition = 0, .value = "epoch", .timestamp = timestamp_of(0)})
            .ok());
    ASSERT_TRUE(producer->send({.topic = handle, .partition = 0, .value = "now"}).ok());
    ASSERT_TRUE(producer->flush(kPatience).ok());

    Reader reader(*clients, topic);
    const auto records = read_records(*reader.consumer, {topic, 0}, 2);
    ASSERT_THAT(records, SizeIs(2));
    EXPECT_EQ(records[0].timestamp, timestamp_of(0));
    EXPECT_GT(records[1].timestamp, timestamp_of(1'700'000'000'000));
}

TEST(RdProducer, RefusesANegativeTimestamp) {
    const auto clients = real_clients();
    RecordingProducerListener listener;
    const auto producer = clients->make_producer({}, listener);

    const kafka::Status status = producer->send({.topic = producer->topic("any"),
                                                 .partition = 0,
                                                 .value = "x",
                                                 .timestamp = timestamp_of(-5)});

    EXPECT_EQ(status.code(), kafka::ErrorCode::kInvalidRecord);
}

TEST(RdProducer, ChoosesThePartitionOfAKeyAsKafkaDoes) {
    constexpr Partition kPartitions = 4;
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "keys", kPartitions);
    RecordingProducerListener listener;
    const auto producer = clients->make_producer({}, listener);
    const auto handle = producer->topic(topic);
    std::map<Partition, std::vector<std::string>> expected;
    for (const std::string key : {"", "a", "ab", "abc", "key-1", "Millrace"}) {
        ASSERT_TRUE(producer->send({.topic = handle, .key = key, .value = key}).ok());
        expected[kafka::partition_for_key(key, kPartitions)].push_back(key);
    }
    ASSERT_TRUE(producer->flush(kPatience).ok());

    Reader reader(*clients, topic, kPartitions);
    for (const auto& [partition, values] : expected) {
        std::vector<std::string> read;
        for (auto& record : read_records(*reader.consumer, {topic, partition}, values.size())) {
            read.push_back(*record.value);
        }
        EXPECT_EQ(read, values) << "partition " << partition;
    }
}

TEST(RdProducer, ReportsARecordThatCannotBeDelivered) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "small", 1, {{"max.message.bytes", "1000"}});
    RecordingProducerListener listener;
    const auto producer = clients->make_producer({}, listener);
    const Headers headers{{"from", "test"}};
    const std::string large(2000, 'x');

    ASSERT_TRUE(producer
                    ->send({.topic = producer->topic(topic),
                            .partition = 0,
                            .value = large,
                            .headers = &headers})
                    .ok());
    ASSERT_TRUE(producer->flush(kPatience).ok());

    ASSERT_THAT(listener.failures, SizeIs(1));
    EXPECT_EQ(listener.failures[0].status.code(), kafka::ErrorCode::kMessageTooLarge);
    EXPECT_EQ(listener.failures[0].topic, topic);
    EXPECT_THAT(listener.failures[0].value, Optional(large));
    EXPECT_EQ(listener.failures[0].headers, headers);
}

TEST(RdProducer, CountsPartitionsAndKnowsAMissingTopic) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "counted", 3);
    RecordingProducerListener listener;
    const auto producer = clients->make_producer({{"allow.auto.create.topics", "false"}}, listener);

    const auto count = producer->partition_count(producer->topic(topic), kPatience);
    const auto missing =
        producer->partition_count(producer->topic(unique_name("missing")), kPatience);

    ASSERT_TRUE(count.ok()) << count.status().message();
    EXPECT_EQ(count.value(), 3);
    EXPECT_EQ(missing.status().code(), kafka::ErrorCode::kUnknownTopic);
}

}  // namespace
}  // namespace millrace::testing
