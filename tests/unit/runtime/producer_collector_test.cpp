// SPDX-License-Identifier: Apache-2.0
#include "runtime/commit/producer_collector.hpp"

#include "kafka/murmur2.hpp"
#include "millrace/core/error.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "runtime/task/task_errors.hpp"
#include "support/forwarding_admin.hpp"

#include <gmock/gmock.h>

namespace millrace::runtime {
namespace {

using namespace std::chrono_literals;
using testing::BrokerFault;
using testing::BrokerOperation;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;
using ::testing::UnorderedElementsAre;

detail::OutgoingRecord record(BytesView key, std::optional<Partition> partition = {}) {
    return {.key = key,
            .value = "v",
            .timestamp = {},
            .headers = nullptr,
            .partition = partition,
            .partition_key = {},
            .acknowledged = nullptr};
}

/// The value of a record of 100 bytes that starts with its number.
std::string value(int number) {
    std::string text = std::to_string(number);
    text.resize(100, ' ');
    return text;
}

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

class ProducerCollectorTest : public ::testing::Test {
  protected:
    ProducerCollectorTest() {
        broker.create_topic("out", 3);
        broker.create_topic("dead", 1);
    }

    ProducerCollector make() {
        return ProducerCollector({.supplier = broker.clients(),
                                  .producer_settings = producer_settings,
                                  .settings = settings,
                                  .dropped = dropped,
                                  .clock = &clock,
                                  .limits = limits.get(),
                                  .take_turns = take_turns,
                                  .metadata_timeout = 100ms});
    }

    void learn_limits_from(kafka::Admin& from) {
        limits = std::make_unique<BatchLimits>(from, clock, 1s);
    }

    /// Sends small records, with a large one among them if its size is set.
    static void send_many(ProducerCollector& collector, const std::string& topic,
                          std::size_t large = 0) {
        for (int i = 0; i < kMany; ++i) {
            detail::OutgoingRecord out = record("k", 0);
            const std::string text =
                large > 0 && i == kMany / 2 ? std::string(large, 'x') : value(i);
            out.value = text;
            collector.send(collector.topic(topic), out);
        }
    }

    void resume_and_remember_sizes() {
        settings->production_handler = [this](const auto&, const FailedRecord& failed,
                                              const auto&) {
            refused.push_back(failed.value.value_or("").size());
            return ErrorResponse{ErrorDecision::kResume};
        };
    }

    static constexpr int kMany = 50;

    testing::EmbeddedBroker broker;
    ManualClock clock;
    std::unique_ptr<kafka::Admin> admin = broker.clients()->make_admin({});
    std::unique_ptr<BatchLimits> limits;  // Null: limits are not read.
    std::vector<std::size_t> refused;
    kafka::ClientSettings producer_settings;
    bool take_turns = false;
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

/// Transactions of a collector, one after the other.
class TransactionTurns : public ProducerCollectorTest {
  protected:
    TransactionTurns() { producer_settings["transactional.id"] = "id"; }

    void commit(ProducerCollector& collector, const std::string& key) const {
        ASSERT_TRUE(collector.initialise(1s));
        collector.send(collector.topic("out"), record(key));
        ASSERT_TRUE(collector.flush(1s));
        ASSERT_TRUE(collector.commit_transaction({}, {}, 1s).ok());
    }

    void fence(const std::string& id) {
        others.push_back(broker.clients()->make_producer({{"transactional.id", id}}, ignore_));
        ASSERT_TRUE(others.back()->init_transactions(1s).ok());
    }

    std::vector<std::string> keys() const {
        std::vector<std::string> all;
        for (const auto& each : broker.records("out")) {
            all.push_back(*each.key);
        }
        return all;
    }

    std::vector<std::unique_ptr<kafka::Producer>> others;

  private:
    struct Ignore final : kafka::ProducerListener {
        void on_failed_delivery(const kafka::FailedDelivery&) override {}
        void on_error(const kafka::Status&) override {}
    };
    mutable Ignore ignore_;
};

TEST_F(TransactionTurns, AreTakenByTwoProducers) {
    take_turns = true;
    ProducerCollector collector = make();
    ASSERT_TRUE(collector.initialise(1s));
    fence("id-2");
    commit(collector, "first");

    EXPECT_THROW(commit(collector, "second"), RestartFromCommit) << "the second one is fenced";
    collector.reset();
    ASSERT_TRUE(collector.initialise(1s));
    fence("id");
    EXPECT_THROW(commit(collector, "again"), RestartFromCommit) << "the first one begins";
    collector.reset();
    for (const char* key : {"a", "b", "c", "d", "e"}) {
        commit(collector, key);
    }
    EXPECT_THAT(keys(), UnorderedElementsAre("first", "a", "b", "c", "d", "e"));
}

TEST_F(TransactionTurns, AreNotTakenByOne) {
    ProducerCollector collector = make();
    ASSERT_TRUE(collector.initialise(1s));
    fence("id-2");
    commit(collector, "first");
    commit(collector, "second");

    EXPECT_THAT(keys(), UnorderedElementsAre("first", "second"));
}

TEST_F(TransactionTurns, EndWithAnAbortOfTheOpenTransaction) {
    take_turns = true;
    for (int committed = 0; committed < 3; ++committed) {
        ProducerCollector collector = make();
        for (int i = 0; i < committed; ++i) {
            commit(collector, "committed");
        }
        ASSERT_TRUE(collector.initialise(1s));
        collector.send(collector.topic("out"), record("aborted"));
        collector.abort_transaction(1s);
        commit(collector, "last");
    }
    EXPECT_THAT(keys(), SizeIs(1 + 2 + 3));
    EXPECT_THAT(keys(), Not(Contains("aborted")));
}

}  // namespace
}  // namespace millrace::runtime
