// SPDX-License-Identifier: Apache-2.0
#include "kafka/rdkafka/rd_client_supplier.hpp"
#include "kafka/rdkafka/rd_consumer.hpp"
#include "support/kafka_clients.hpp"

#include <gmock/gmock.h>
#include <librdkafka/rdkafka_mock.h>

#include <memory>
#include <string>
#include <vector>

namespace millrace::kafka {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::poll_until;
using testing::read_records;
using testing::send_values;
using ::testing::SizeIs;

const TopicPartition kPartition{"t", 0};

/// A log with records 0 and 1 of leader epoch 0, and 2 to 4 of leader epoch 1: for a reader beyond
/// 2 in epoch 0, it was truncated.
class RdLogTruncation : public ::testing::Test {
  protected:
    RdLogTruncation() {
        EXPECT_EQ(rd_kafka_mock_topic_create(cluster.get(), "t", 1, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
        send_values(*clients, kPartition, {"0", "1"});
        EXPECT_EQ(rd_kafka_mock_partition_set_leader(cluster.get(), "t", 0, 1),
                  RD_KAFKA_RESP_ERR_NO_ERROR);
        send_values(*clients, kPartition, {"2", "3", "4"});
    }

    void assign(const StartPosition& start) {
        const Status status = consumer->assign({&start, 1}, listener);
        EXPECT_TRUE(status.ok()) << status.message();
    }

    void seek(const StartPosition& position) {
        const Status status = consumer->seek(position);
        EXPECT_TRUE(status.ok()) << status.message();
    }

    /// The values of that many records.
    std::vector<std::string> read(std::size_t wanted) {
        std::vector<std::string> values;
        for (const auto& record : read_records(*consumer, kPartition, wanted)) {
            values.push_back(record.value.value_or("null"));
        }
        return values;
    }

    /// Waits for an error, which must occur before any record.
    void expect_truncated() {
        std::vector<Message> messages;
        ASSERT_TRUE(poll_until({consumer.get()}, [&] {
            consumer->queue(kPartition)->read(messages, 10);
            return !listener.partition_errors.empty();
        }));
        EXPECT_THAT(messages, IsEmpty());
        const auto& [which, status] = listener.partition_errors.front();
        EXPECT_EQ(which, kPartition);
        EXPECT_EQ(status.code(), ErrorCode::kOffsetOutOfRange);
        EXPECT_THAT(status.message(),
                    AllOf(HasSubstr("t-0"), HasSubstr("truncation"), HasSubstr("offset 4"),
                          HasSubstr("leader epoch 0"), HasSubstr("end offset is 2")));
        listener.partition_errors.clear();
    }

    RdClient owner = make_client(RD_KAFKA_PRODUCER, make_config({}), nullptr);
    std::unique_ptr<rd_kafka_mock_cluster_t, FreeBy<rd_kafka_mock_cluster_destroy>> cluster{
        rd_kafka_mock_cluster_new(owner.get(), 1)};
    std::shared_ptr<ClientSupplier> clients =
        rdkafka_clients({{"bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster.get())}});
    testing::RecordingConsumerListener listener;
    std::unique_ptr<Consumer> consumer = clients->make_consumer({}, nullptr);
};

TEST_F(RdLogTruncation, IsDetectedBeforeAnyRecordIsReadFromTheStart) {
    assign({kPartition, 4, 0});

    expect_truncated();

    seek({kPartition, kFromBeginning});
    EXPECT_THAT(read(5), ElementsAre("0", "1", "2", "3", "4"));
}

TEST_F(RdLogTruncation, IsDetectedAfterASeek) {
    assign({kPartition, kFromBeginning});
    ASSERT_THAT(read(5), SizeIs(5));

    seek({kPartition, 4, 0});

    expect_truncated();
}

TEST_F(RdLogTruncation, IsDetectedAgainAfterASeekThatRestartsFetching) {
    assign({kPartition, 4, 0});
    expect_truncated();

    seek({kPartition, 4, 0});

    expect_truncated();
}

TEST_F(RdLogTruncation, IsNotReportedIfTheEpochReachesTheOffset) {
    assign({kPartition, 4, 1});
    EXPECT_THAT(read(1), ElementsAre("4"));

    seek({kPartition, 2, 0});
    EXPECT_THAT(read(3), ElementsAre("2", "3", "4"));
    EXPECT_THAT(listener.partition_errors, IsEmpty());
}

TEST_F(RdLogTruncation, IsNotCheckedWithoutAnEpoch) {
    assign({kPartition, 4});

    EXPECT_THAT(read(1), ElementsAre("4"));
}

}  // namespace
}  // namespace millrace::kafka
