// SPDX-License-Identifier: Apache-2.0
#include "kafka/rdkafka/rd_admin.hpp"

#include <gmock/gmock.h>
#include <librdkafka/rdkafka_mock.h>

#include <algorithm>
#include <chrono>

namespace millrace::kafka {
namespace {

constexpr std::int16_t kOffsetFetch = 9;  // The number of the request in Kafka's protocol.
constexpr std::int16_t kListOffsets = 2;
constexpr std::int16_t kApiVersions = 18;
constexpr std::chrono::seconds kTimeout{30};

/// librdkafka's mock cluster, which can return errors.
class RdAdminTest : public ::testing::Test {
  protected:
    RdAdminTest() {
        EXPECT_EQ(rd_kafka_mock_topic_create(cluster.get(), "t", 1, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
    }

    RdClient owner = make_client(RD_KAFKA_PRODUCER, make_config({}), nullptr);
    std::unique_ptr<rd_kafka_mock_cluster_t, FreeBy<rd_kafka_mock_cluster_destroy>> cluster{
        rd_kafka_mock_cluster_new(owner.get(), 1)};
    RdAdmin admin{{{"bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster.get())}}};
    const TopicPartition which{"t", 0};
};

TEST_F(RdAdminTest, RetriesAGroupsOffsetsWhileItsCoordinatorMoves) {
    rd_kafka_mock_push_request_errors(cluster.get(), kOffsetFetch, 2,
                                      RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
                                      RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS);

    const auto offsets = admin.group_offsets("g", {&which, 1}, kTimeout);

    ASSERT_TRUE(offsets.ok()) << offsets.status().message();
    EXPECT_THAT(offsets.value(), ::testing::IsEmpty());
}

TEST_F(RdAdminTest, ReportsWhenAGroupsOffsetsMayNotBeRead) {
    rd_kafka_mock_push_request_errors(cluster.get(), kOffsetFetch, 1,
                                      RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);

    const auto offsets = admin.group_offsets("g", {&which, 1}, kTimeout);

    ASSERT_FALSE(offsets.ok());
    EXPECT_THAT(offsets.status().message(),
                ::testing::HasSubstr("cannot read the offsets of group g"));
}

TEST_F(RdAdminTest, ReportsWhenAClientToReadAGroupsOffsetsCannotBeCreated) {
    // Only clients of a group check these two.
    const ClientSettings settings{
        {"bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster.get())},
        {"max.poll.interval.ms", "5000"},
        {"session.timeout.ms", "6000"}};
    RdAdmin broken(settings);

    const auto offsets = broken.group_offsets("g", {&which, 1}, kTimeout);

    ASSERT_FALSE(offsets.ok());
    EXPECT_THAT(offsets.status().message(),
                ::testing::AllOf(::testing::HasSubstr("cannot read the offsets of group g"),
                                 ::testing::HasSubstr("max.poll.interval.ms")));
}

TEST_F(RdAdminTest, RequestsAGroupsOffsetsThroughOneClient) {
    constexpr int kCalls = 4;
    ASSERT_TRUE(admin.group_offsets("g", {&which, 1}, kTimeout).ok());
    rd_kafka_mock_start_request_tracking(cluster.get());

    for (int i = 0; i < kCalls; ++i) {
        ASSERT_TRUE(admin.group_offsets("g", {&which, 1}, kTimeout).ok());
    }

    std::size_t count = 0;
    rd_kafka_mock_request_t** const requests = rd_kafka_mock_get_requests(cluster.get(), &count);
    const auto connections = std::count_if(requests, requests + count, [](auto* request) {
        return rd_kafka_mock_request_api_key(request) == kApiVersions;
    });
    rd_kafka_mock_request_destroy_array(requests, count);
    EXPECT_LT(connections, kCalls);  // Requests of the first call may still be in flight.
}

TEST_F(RdAdminTest, RetriesOffsetsAtOnceWhenALeaderHasMoved) {
    rd_kafka_mock_push_request_errors(
        cluster.get(), kListOffsets, 3, RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH,
        RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH);
    const auto begin = std::chrono::steady_clock::now();

    const auto offsets =
        admin.list_offsets({&which, 1}, OffsetSpec::kLatest, Isolation::kReadUncommitted, kTimeout);

    ASSERT_TRUE(offsets.ok()) << offsets.status().message();
    EXPECT_THAT(offsets.value(), ::testing::ElementsAre(0));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
}

// librdkafka reports a failed request as an offset of -1001 without an error: a restore up to that
// offset would restore nothing.
TEST_F(RdAdminTest, AsksAgainWhenARequestForOffsetsFails) {
    rd_kafka_mock_push_request_errors(cluster.get(), kListOffsets, 1, RD_KAFKA_RESP_ERR__TRANSPORT);

    const auto offsets =
        admin.list_offsets({&which, 1}, OffsetSpec::kLatest, Isolation::kReadUncommitted, kTimeout);

    ASSERT_TRUE(offsets.ok()) << offsets.status().message();
    EXPECT_THAT(offsets.value(), ::testing::ElementsAre(0));
}

TEST_F(RdAdminTest, ReportsATimeoutWhenNoRequestForOffsetsIsAnswered) {
    ASSERT_TRUE(
        admin.list_offsets({&which, 1}, OffsetSpec::kLatest, Isolation::kReadUncommitted, kTimeout)
            .ok());
    rd_kafka_mock_broker_set_rtt(cluster.get(), 1, 5'000);

    const auto offsets = admin.list_offsets({&which, 1}, OffsetSpec::kLatest,
                                            Isolation::kReadUncommitted, std::chrono::seconds(2));

    EXPECT_EQ(offsets.status().code(), ErrorCode::kTimedOut) << offsets.status().message();
}

TEST_F(RdAdminTest, ReadsAGroupsOffsetsAfterItsCoordinatorWasDown) {
    ASSERT_TRUE(admin.group_offsets("g", {&which, 1}, kTimeout).ok());
    rd_kafka_mock_broker_set_down(cluster.get(), 1);
    EXPECT_FALSE(admin.group_offsets("g", {&which, 1}, std::chrono::milliseconds(500)).ok());
    rd_kafka_mock_broker_set_up(cluster.get(), 1);

    for (int call = 0; call < 3; ++call) {
        EXPECT_TRUE(admin.group_offsets("g", {&which, 1}, kTimeout).ok());
    }
}

TEST(OffsetsAttempts, StartShortAndGrow) {
    EXPECT_LT(kFirstOffsetsAttempt, std::chrono::seconds(1));
    EXPECT_EQ(next_offsets_attempt(kFirstOffsetsAttempt), 2 * kFirstOffsetsAttempt);
    EXPECT_EQ(next_offsets_attempt(std::chrono::seconds(8)), std::chrono::seconds(8));
}

}  // namespace
}  // namespace millrace::kafka
