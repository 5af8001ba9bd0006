// SPDX-License-Identifier: Apache-2.0
#include "kafka/client_supplier.hpp"
#include "millrace/core/error.hpp"
#include "millrace/testing/embedded_broker.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace millrace::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;

const TopicPartition kPartition{"t", 0};

struct Listener final : kafka::ConsumerListener {
    std::vector<kafka::StartPosition> on_assigned(const std::vector<TopicPartition>&) override {
        return {};
    }
    void on_revoked(const std::vector<TopicPartition>&) override {}
    void on_lost(const std::vector<TopicPartition>&) override {}
    void on_partition_error(const TopicPartition&, const kafka::Status& status) override {
        errors.push_back(status);
    }
    void on_error(const kafka::Status&) override {}

    std::vector<kafka::Status> errors;
};

class Truncation : public ::testing::Test {
  protected:
    Truncation() {
        broker.create_topic("t", 1, {{"cleanup.policy", "compact"}});
        produce(4);
    }

    void produce(int count) {
        for (int i = 0; i < count; ++i) {
            const std::string value = std::to_string(produced++);
            broker.produce("t", {.key = "k" + value, .value = value});
        }
    }

    void assign(const kafka::StartPosition& start) {
        EXPECT_TRUE(consumer->assign({&start, 1}, listener).ok());
    }

    std::vector<kafka::Message> messages() {
        consumer->poll(milliseconds(0));
        std::vector<kafka::Message> read;
        consumer->queue(kPartition)->read(read, 100);
        return read;
    }

    std::vector<std::string> values() {
        std::vector<std::string> values;
        for (const kafka::Message& message : messages()) {
            values.emplace_back(*message.value());
        }
        return values;
    }

    EmbeddedBroker broker{{.time = BrokerTime::kManual}};
    Listener listener;
    std::unique_ptr<kafka::Consumer> consumer = broker.clients()->make_consumer({}, nullptr);
    int produced = 0;
};

TEST_F(Truncation, DropsLaterRecordsAndIncrementsTheLeaderEpoch) {
    broker.truncate(kPartition, 2);
    EXPECT_EQ(broker.end_offset(kPartition), 2);
    produce(2);
    assign({kPartition});

    const auto read = messages();

    ASSERT_THAT(read, SizeIs(4));
    EXPECT_EQ(*read[2].value(), "4");
    EXPECT_EQ(read[2].offset(), 2);
    EXPECT_EQ(read[1].leader_epoch(), 0);
    EXPECT_EQ(read[2].leader_epoch(), 1);
}

TEST_F(Truncation, IsReportedToAConsumerThatStartsBeyondIt) {
    broker.truncate(kPartition, 2);
    produce(4);
    assign({kPartition, 4, 0});

    EXPECT_THAT(values(), IsEmpty());

    ASSERT_THAT(listener.errors, SizeIs(1));
    EXPECT_EQ(listener.errors[0].code(), kafka::ErrorCode::kOffsetOutOfRange);
    EXPECT_THAT(listener.errors[0].message(),
                AllOf(HasSubstr("t-0 was truncated: offset 4"), HasSubstr("leader epoch 0"),
                      HasSubstr("ends at offset 2")));
    EXPECT_TRUE(consumer->seek({kPartition, 2, 0}).ok());
    EXPECT_THAT(values(), ElementsAre("4", "5", "6", "7"));
}

TEST_F(Truncation, IsReportedToAConsumerThatWasBeyondIt) {
    assign({kPartition});
    ASSERT_THAT(values(), SizeIs(4));

    broker.truncate(kPartition, 2);
    produce(4);

    EXPECT_THAT(values(), IsEmpty());
    EXPECT_THAT(listener.errors, SizeIs(1));
}

TEST_F(Truncation, IsNotReportedToAConsumerBeforeIt) {
    broker.truncate(kPartition, 2);
    produce(1);
    broker.truncate(kPartition, 3);
    produce(1);
    broker.clean_logs();
    assign({kPartition, 2, 0});

    EXPECT_THAT(values(), ElementsAre("4", "5"));
    EXPECT_THAT(listener.errors, IsEmpty());
}

TEST_F(Truncation, IsReportedForAnEpochUnknownToTheLog) {
    assign({kPartition, 1, 7});

    EXPECT_THAT(values(), IsEmpty());

    ASSERT_THAT(listener.errors, SizeIs(1));
    EXPECT_THAT(listener.errors[0].message(), HasSubstr("which the log does not know"));
}

TEST_F(Truncation, MustBeWithinTheLog) {
    EXPECT_THAT([this] { broker.truncate(kPartition, 5); },
                ThrowsMessage<Error>(HasSubstr("t-0 at offset 5: its log has offsets 0 to 4")));
}

}  // namespace
}  // namespace millrace::testing
