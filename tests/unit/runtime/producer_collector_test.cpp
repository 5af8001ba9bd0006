// SPDX-License-Identifier: Apache-2.0
#include "kafka/murmur2.hpp"
#include "millrace/core/error.hpp"
#include "runtime/task/task_errors.hpp"
#include "support/forwarding_admin.hpp"
#include "unit/runtime/producer_collector_fixture.hpp"

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

/// Not authorized to describe topics.
class UninformedAdmin final : public support::ForwardingAdmin {
  public:
    using ForwardingAdmin::ForwardingAdmin;

    kafka::Result<std::vector<kafka::Result<std::int64_t>>> largest_batches(
        std::span<const std::string> names, std::chrono::milliseconds) override {
        return std::vector<kafka::Result<std::int64_t>>(
            names.size(), kafka::Status(kafka::ErrorCode::kAuthorization, "not for you"));
    }
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

TEST_F(ProducerCollectorTest, ReturnsTheOffsetFromTheBroker) {
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

TEST_F(ProducerCollectorTest, NamesATopicThatDoesNotExistAndIsRetriable) {
    ProducerCollector collector = make();

    EXPECT_THAT([&] { collector.send(collector.topic("nowhere"), record("k")); },
                ThrowsMessage<RestartFromCommit>(HasSubstr("nowhere")));
}

TEST_F(ProducerCollectorTest, FailsAtTheNextFlushWhenTheHandlerDecidesSo) {
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

TEST_F(ProducerCollectorTest, ContinuesAndCountsWhenTheHandlerResumesWithADeadLetter) {
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

TEST_F(ProducerCollectorTest, LosesNoNeighbourOfARecordThatIsTooLargeForATopic) {
    broker.create_topic("narrow", 1, {{"max.message.bytes", "1000"}});
    learn_limits_from(*admin);
    resume_and_remember_sizes();
    ProducerCollector collector = make();
    collector.prepare_for(std::vector<std::string>{"out", "narrow"});
    send_many(collector, "narrow", 2000);
    ASSERT_TRUE(collector.flush(1s));

    EXPECT_THAT(refused, ElementsAre(2000));
    EXPECT_THAT(broker.records("narrow"), SizeIs(kMany - 1));
}

TEST_F(ProducerCollectorTest, DeliversRecordsSentBeforeATopicWithSmallerBatchesAppears) {
    broker.create_topic("narrow", 1, {{"max.message.bytes", "1000"}});
    learn_limits_from(*admin);
    ProducerCollector collector = make();
    Offset acknowledged = -1;
    detail::OutgoingRecord change = record("k", 0);
    change.acknowledged = &acknowledged;
    collector.send(collector.topic("out"), change);
    send_many(collector, "narrow");
    ASSERT_TRUE(collector.flush(1s));

    EXPECT_EQ(acknowledged, 0);
    EXPECT_THAT(broker.records("out"), SizeIs(1));
    EXPECT_THAT(broker.records("narrow"), SizeIs(kMany));
}

TEST_F(ProducerCollectorTest, KeepsTheBatchSizeOfTheUserIfItIsSmaller) {
    broker.create_topic("narrow", 1, {{"max.message.bytes", "1000"}});
    learn_limits_from(*admin);
    producer_settings["batch.size"] = "500";
    ProducerCollector collector = make();
    collector.topic("narrow");
    // Would be accepted together with others in a batch of 1000.
    resume_and_remember_sizes();
    broker.delete_topic("narrow");
    broker.create_topic("narrow", 1, {{"max.message.bytes", "600"}});
    send_many(collector, "narrow");

    EXPECT_TRUE(collector.flush(1s));
    EXPECT_THAT(refused, ElementsAre());
}

TEST_F(ProducerCollectorTest, RestartsWithSmallerBatchesWhenATopicsLimitWasLowered) {
    learn_limits_from(*admin);
    resume_and_remember_sizes();
    ProducerCollector collector = make();
    collector.topic("out");
    broker.delete_topic("out");
    broker.create_topic("out", 1, {{"max.message.bytes", "1000"}});
    send_many(collector, "out", 2000);

    EXPECT_THROW(collector.flush(1s), RestartFromCommit);
    EXPECT_THAT(refused, ElementsAre()) << "nothing is lost yet";
    collector.reset();
    send_many(collector, "out", 2000);
    ASSERT_TRUE(collector.flush(1s));

    EXPECT_THAT(refused, ElementsAre(2000));
    EXPECT_THAT(broker.records("out"), SizeIs(kMany - 1));
}

TEST_F(ProducerCollectorTest, FindsTheBatchSizeByTrialWhenItIsNotAuthorized) {
    UninformedAdmin uninformed(*admin);
    learn_limits_from(uninformed);
    resume_and_remember_sizes();
    broker.create_topic("narrow", 1, {{"max.message.bytes", "1000"}});
    producer_settings["batch.size"] = "5000";
    ProducerCollector collector = make();
    const auto attempt = [&] {
        send_many(collector, "narrow", 2000);
        return collector.flush(1s);
    };
    // 5000, 2500 and then 1250, computed with the maximum size of records.
    for (int i = 0; i < 2; ++i) {
        EXPECT_THROW(attempt(), RestartFromCommit);
        EXPECT_THAT(refused, ElementsAre());
        collector.reset();
    }
    const auto before = broker.records("narrow").size();
    ASSERT_TRUE(attempt());

    EXPECT_THAT(refused, ElementsAre(2000));
    EXPECT_THAT(broker.records("narrow"), SizeIs(before + kMany - 1));
}

TEST_F(ProducerCollectorTest, CallsTheHandlerWhenSmallerBatchesWouldNotHelp) {
    learn_limits_from(*admin);
    resume_and_remember_sizes();
    ProducerCollector collector = make();
    broker.fail_next(BrokerOperation::kProduce, BrokerFault::kMessageTooLarge);
    collector.send(collector.topic("out"), record("k", 0));

    EXPECT_TRUE(collector.flush(1s));
    EXPECT_THAT(refused, ElementsAre(1));
}

TEST_F(ProducerCollectorTest, NamesTheSenderOfARecordThatCannotBeDelivered) {
    std::vector<std::string> who;
    settings->production_handler = [&](const ErrorContext& context, const FailedRecord& failed,
                                       const auto&) {
        who.push_back(Bytes(failed.key.value_or("")) + " by " + to_string(context.task) + " " +
                      std::string(context.node));
        return ErrorResponse{ErrorDecision::kResume};
    };
    producer_settings["message.max.bytes"] = "1000";
    ProducerCollector collector = make();
    const auto topic = collector.topic("out");
    const auto send = [&](BytesView key, std::uint32_t origin, std::size_t size = 1) {
        detail::OutgoingRecord out = record(key, 0);
        const std::string text(size, 'x');
        out.value = text;
        out.origin = origin;
        collector.send(topic, out);
    };
    broker.fail_next(BrokerOperation::kProduce, BrokerFault::kInvalidRecord);
    send("a", collector.origin({0, 1}, "SINK-1"));
    send("b", collector.origin({0, 1}, "SINK-1"));
    send("c", collector.origin({0, 2}, "SINK-1"));
    send("d", 0);
    send("e", collector.origin({0, 1}, "SINK-2"));
    send("f", collector.origin({0, 1}, "SINK-1"));
    collector.flush(1s);
    send("large", collector.origin({0, 1}, "SINK-2"), 2000);

    EXPECT_THAT(who,
                ElementsAre("a by 0_1 SINK-1", "b by 0_1 SINK-1", "c by 0_2 SINK-1", "d by 0_0 ",
                            "e by 0_1 SINK-2", "f by 0_1 SINK-1", "large by 0_1 SINK-2"));
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
