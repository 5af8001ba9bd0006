// SPDX-License-Identifier: Apache-2.0

// Records that a producer or a broker refuses.
#include "contract/produce_consume.hpp"

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

TEST_P(ProduceConsume, RefusesANegativeTimestamp) {
    const auto topic = create_topic();
    const auto producer = make_producer();
    auto negative = record(*producer, topic, "k", "v");
    negative.timestamp = timestamp_of(-1);

    const kafka::Status status = (*producer)->send(negative);

    EXPECT_EQ(status.code(), ErrorCode::kInvalidRecord);
    EXPECT_THAT(status.message(), AllOf(HasSubstr(topic), HasSubstr("negative timestamp -1")));
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

}  // namespace
}  // namespace millrace::testing
