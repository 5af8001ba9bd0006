// SPDX-License-Identifier: Apache-2.0
#include "support/kafka_broker.hpp"
#include "support/kafka_clients.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// The records that a consumer reads from `start`, until there are `count` or an error.
std::vector<kafka::Message> read(kafka::Consumer& consumer, RecordingConsumerListener& listener,
                                 const kafka::StartPosition& start, std::size_t count) {
    EXPECT_TRUE(consumer.assign({&start, 1}, listener).ok());
    std::vector<kafka::Message> messages;
    EXPECT_TRUE(poll_until({&consumer}, [&] {
        consumer.queue(start.partition)->read(messages, count - messages.size());
        return messages.size() == count || !listener.partition_errors.empty();
    }));
    return messages;
}

TEST(RdLeaderEpochs, DetectOffsetsThatBelongToOtherRecordsAfterATruncation) {
    KafkaBroker broker;
    const auto clients = clients_of(broker);
    const TopicPartition which{make_topic(*clients, "epochs"), 0};
    send_values(*clients, which, {"0", "1"});
    broker.stop();
    broker.start_again();  // With a different leader epoch.
    send_values(*clients, which, {"2", "3", "4"});
    RecordingConsumerListener listener;
    std::int32_t former = -1;
    std::int32_t current = -1;
    {
        const auto consumer = clients->make_consumer({}, nullptr);
        const auto all = read(*consumer, listener, {which}, 5);
        ASSERT_THAT(all, SizeIs(5));
        former = all[1].leader_epoch();
        current = all[4].leader_epoch();
        ASSERT_LT(former, current);
    }

    const auto consumer = clients->make_consumer({}, nullptr);
    EXPECT_THAT(read(*consumer, listener, {which, 4, former}, 1), IsEmpty());
    ASSERT_THAT(listener.partition_errors, SizeIs(1));
    EXPECT_EQ(listener.partition_errors[0].second.code(), kafka::ErrorCode::kOffsetOutOfRange);
    EXPECT_THAT(listener.partition_errors[0].second.message(),
                AllOf(HasSubstr("truncation"), HasSubstr("offset 4"), HasSubstr("offset is 2")));

    listener.partition_errors.clear();
    ASSERT_TRUE(consumer->seek({which, 4, current}).ok());
    EXPECT_THAT(read_records(*consumer, which, 1), SizeIs(1));
    ASSERT_TRUE(consumer->seek({which, 2, former}).ok());
    EXPECT_THAT(read_records(*consumer, which, 3), SizeIs(3));
    EXPECT_THAT(listener.partition_errors, IsEmpty());
}

}  // namespace
}  // namespace millrace::testing
