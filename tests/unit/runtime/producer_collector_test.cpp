// SPDX-License-Identifier: Apache-2.0
#include "runtime/producer_collector.hpp"

#include "kafka/murmur2.hpp"
#include "millrace/core/error.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "runtime/task_errors.hpp"

#include <gmock/gmock.h>

namespace millrace::runtime {
namespace {

using namespace std::chrono_literals;
using testing::BrokerFault;
using testing::BrokerOperation;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;

detail::OutgoingRecord record(BytesView key, std::optional<Partition> partition = {}) {
    return {.key = key,
            .value = "v",
            .timestamp = {},
            .headers = nullptr,
            .partition = partition,
            .partition_key = {},
            .acknowledged = nullptr};
}

class ProducerCollectorTest : public ::testing::Test {
  protected:
    ProducerCollectorTest() {
        broker.create_topic("out", 3);
        broker.create_topic("dead", 1);
    }

    ProducerCollector make() {
        return ProducerCollector({.supplier = broker.clients(),
                                  .producer_settings = {},
                                  .settings = settings,
                                  .dropped = dropped,
                                  .clock = &clock,
                                  .metadata_timeout = 100ms});
    }

    testing::EmbeddedBroker broker;
    ManualClock clock;
    std::shared_ptr<metrics::Counter> dropped = std::make_shared<metrics::Counter>();
    std::shared_ptr<TaskSettings> settings = std::make_shared<TaskSettings>();
};

TEST_F(ProducerCollectorTest, ChoosesThePartitionOfTheKeyAsKafkasClientsDo) {
    ProducerCollector collector = make();
    collector.send(collector.topic("out"), record("card-1"));
    ASSERT_TRUE(collector.flush(1s));

    EXPECT_THAT(broker.records("out"), ElementsAre(Field(&testing::BrokerRecord::partition,
                                                         kafka::partition_for_key("card-1", 3))));
}

TEST_F(ProducerCollectorTest, PrefersTheGivenPartitionThenThePartitionKey) {
    ProducerCollector collector = make();
    const auto topic = collector.topic("out");
    collector.send(topic, record("k", 0));
    detail::OutgoingRecord windowed = record("k@window");
    windowed.partition_key = "k";
    collector.send(topic, windowed);
    ASSERT_TRUE(collector.flush(1s));

    const auto partition = kafka::partition_for_key("k", 3);
    ASSERT_NE(partition, 0) << "the test needs a key of another partition";
    EXPECT_THAT(broker.records(TopicPartition{"out", 0}), SizeIs(1));
    EXPECT_THAT(broker.records(TopicPartition{"out", partition}), SizeIs(1));
}

TEST_F(ProducerCollectorTest, TellsTheOffsetThatTheBrokerGave) {
    ProducerCollector collector = make();
    Offset acknowledged = -1;
    for (int i = 0; i < 3; ++i) {
        detail::OutgoingRecord change = record("k", 1);
        change.acknowledged = &acknowledged;
        collector.send(collector.topic("out"), change);
    }
    ASSERT_TRUE(collector.flush(1s));

    EXPECT_EQ(acknowledged, 2);
}

TEST_F(ProducerCollectorTest, NamesATopicThatDoesNotExist) {
    ProducerCollector collector = make();

    EXPECT_THAT([&] { collector.send(collector.topic("nowhere"), record("k")); },
                ThrowsMessage<Error>(HasSubstr("nowhere")));
}

TEST_F(ProducerCollectorTest, FailsAtTheNextFlushWhenTheHandlerSaysSo) {
    settings->production_handler = [](const auto&, const auto&, const auto&) {
        return ErrorResponse{ErrorDecision::kFail};
    };
    ProducerCollector collector = make();
    broker.fail_next(BrokerOperation::kProduce, BrokerFault::kMessageTooLarge);

    EXPECT_THROW(
        {
            collector.send(collector.topic("out"), record("k"));
            collector.flush(1s);
        },
        ProcessingError);
}

TEST_F(ProducerCollectorTest, GoesOnAndCountsWhenTheHandlerResumesWithADeadLetter) {
    settings->production_handler = [](const auto&, const FailedRecord& record, const auto&) {
        return ErrorResponse{ErrorDecision::kResume,
                             {{.topic = "dead",
                               .key = Bytes(record.key.value_or("")),
                               .value = Bytes("could not be sent")}}};
    };
    ProducerCollector collector = make();
    broker.fail_next(BrokerOperation::kProduce, BrokerFault::kInvalidRecord);

    collector.send(collector.topic("out"), record("k"));
    EXPECT_TRUE(collector.flush(1s));
    collector.send(collector.topic("out"), record("next"));
    EXPECT_TRUE(collector.flush(1s));

    EXPECT_EQ(dropped->value(), 1U);
    EXPECT_THAT(broker.records("dead"), ElementsAre(Field(&testing::BrokerRecord::key, "k")));
    EXPECT_THAT(broker.records("out"), ElementsAre(Field(&testing::BrokerRecord::key, "next")));
}

TEST_F(ProducerCollectorTest, WorksAgainAfterAReset) {
    ProducerCollector collector = make();
    const auto topic = collector.topic("out");
    collector.reset();
    collector.send(topic, record("k"));

    EXPECT_TRUE(collector.flush(1s));
    EXPECT_THAT(broker.records("out"), SizeIs(1));
}

}  // namespace
}  // namespace millrace::runtime
