// SPDX-License-Identifier: Apache-2.0

// What docs/operations.md says about records that cannot be deserialised.
#include "millrace/core/error.hpp"
#include "millrace/core/logging.hpp"
#include "millrace/millrace.hpp"
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

const std::string kNumber{"\0\0\0\0\0\0\0\7", 8};

class EmbeddedBadInput : public support::EmbeddedApplication {
  protected:
    EmbeddedBadInput() {
        create_topics(1);
        broker.create_topic("rejected", 1);
    }
    ~EmbeddedBadInput() override { set_log_sink({}); }

    /// in -> out: numbers by numbers.
    Topology numbers() {
        StreamsBuilder builder;
        builder.stream<std::int64_t, std::int64_t>("in")
            .peek([this](const std::int64_t&, const std::int64_t&) { processed.happened(); })
            .to("out");
        return std::move(builder).build();
    }

    /// A client that ends on failure and stores the message.
    std::unique_ptr<KafkaStreams> started(StreamsConfig with) {
        auto streams = client(numbers(), with);
        keep_errors(*streams);
        streams->start();
        return streams;
    }

    void send(const std::string& key, const std::string& value,
              std::optional<Timestamp> timestamp = std::nullopt) {
        broker.produce("in", {.key = key, .value = value, .timestamp = timestamp});
    }
};

TEST_F(EmbeddedBadInput, AnUnreadableValueStopsTheClientByDefaultAndCanBeSkippedLater) {
    send(kNumber, kNumber);
    send(kNumber, "no number");
    auto streams = started(config());
    ASSERT_TRUE(uncaught.wait_for(1));
    EXPECT_TRUE(streams->close(60s));
    EXPECT_THAT(errors(), ElementsAre(AllOf(HasSubstr("topic in, partition 0, offset 1"),
                                            HasSubstr("value"))));
    // Nothing was committed: the first record is processed again.
    const int before = processed.count();
    streams.reset();

    auto tolerant = config();
    tolerant.deserialization_exception_handler = log_and_continue;
    send(kNumber, kNumber);
    streams = started(tolerant);
    ASSERT_TRUE(processed.wait_for(before + 2));
    EXPECT_TRUE(streams->close(60s));

    EXPECT_THAT(broker.records("out"), SizeIs(2));
    EXPECT_THAT(broker.committed_offsets("app"), ElementsAre(Pair(TopicPartition{"in", 0}, 3)));
}

TEST_F(EmbeddedBadInput, UnreadableKeysAndValuesAreSkippedCountedAndSentToTheDeadLetterTopic) {
    auto tolerant = config();
    tolerant.deserialization_exception_handler = log_and_continue;
    tolerant.errors_dead_letter_queue_topic_name = "rejected";
    send("no number", kNumber);
    send(kNumber, "no number");
    send(kNumber, kNumber);
    const auto streams = started(tolerant);
    ASSERT_TRUE(processed.wait_for(1));
    EXPECT_TRUE(streams->close(60s));

    const auto rejected = broker.records("rejected");
    ASSERT_THAT(rejected, SizeIs(2));
    EXPECT_EQ(rejected[0].key, "no number");
    EXPECT_EQ(rejected[1].value, "no number");
    const Header* const offset = rejected[1].headers.last("__streams.errors.offset");
    ASSERT_NE(offset, nullptr);
    EXPECT_EQ(offset->value, "1");
    EXPECT_EQ(metric(*streams, "dropped-records-total"), 2);
    EXPECT_THAT(broker.records("out"), SizeIs(1));
    EXPECT_THAT(broker.committed_offsets("app"), ElementsAre(Pair(TopicPartition{"in", 0}, 3)));
}

TEST_F(EmbeddedBadInput, ANegativeTimestampStopsTheClientByDefault) {
    send(kNumber, kNumber, timestamp_of(-1));
    const auto streams = started(config());
    ASSERT_TRUE(uncaught.wait_for(1));
    EXPECT_TRUE(streams->close(60s));

    EXPECT_THAT(errors(), ElementsAre(AllOf(HasSubstr("topic in, partition 0, offset 0"),
                                            HasSubstr("timestamp -1"))));
    EXPECT_THAT(broker.committed_offsets("app"), IsEmpty()) << "nothing is lost";
}

TEST_F(EmbeddedBadInput, NegativeTimestampsAreSkippedAndCountedWhenConfigured) {
    auto tolerant = config();
    tolerant.default_timestamp_extractor = TimestampPolicy::kSkip;
    send(kNumber, kNumber, timestamp_of(-1));
    send(kNumber, kNumber);
    const auto streams = started(tolerant);
    ASSERT_TRUE(processed.wait_for(1));
    EXPECT_TRUE(streams->close(60s));

    EXPECT_EQ(metric(*streams, "dropped-records-total"), 1);
    EXPECT_THAT(broker.committed_offsets("app"), ElementsAre(Pair(TopicPartition{"in", 0}, 2)));
}

TEST_F(EmbeddedBadInput, AMissingDeadLetterTopicStopsTheClientAndSkipsNothing) {
    auto tolerant = config();
    tolerant.deserialization_exception_handler = log_and_continue;
    tolerant.errors_dead_letter_queue_topic_name = "nowhere";
    tolerant.task_timeout = 200ms;
    send(kNumber, "no number");
    const auto streams = started(tolerant);
    ASSERT_TRUE(uncaught.wait_for(1));
    EXPECT_TRUE(streams->close(60s));

    EXPECT_THAT(errors(), ElementsAre(HasSubstr("nowhere")));
    EXPECT_THAT(broker.committed_offsets("app"), IsEmpty());
}

}  // namespace
}  // namespace millrace
