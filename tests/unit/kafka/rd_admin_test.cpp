// SPDX-License-Identifier: Apache-2.0
#include "kafka/rdkafka/rd_admin.hpp"

#include <gmock/gmock.h>
#include <librdkafka/rdkafka_mock.h>

namespace millrace::kafka {
namespace {

constexpr std::int16_t kOffsetFetch = 9;  // The request's number in Kafka's protocol.
constexpr std::chrono::seconds kTimeout{30};

/// librdkafka's own stand-in for a cluster, which can be told to answer with errors.
class RdAdminTest : public ::testing::Test {
  protected:
    RdClient owner = make_client(RD_KAFKA_PRODUCER, make_config({}), nullptr);
    std::unique_ptr<rd_kafka_mock_cluster_t, FreeBy<rd_kafka_mock_cluster_destroy>> cluster{
        rd_kafka_mock_cluster_new(owner.get(), 1)};
    RdAdmin admin{{{"bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster.get())}}};
};

TEST_F(RdAdminTest, AsksForAGroupsOffsetsAgainWhileItsCoordinatorMoves) {
    rd_kafka_mock_push_request_errors(cluster.get(), kOffsetFetch, 2,
                                      RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
                                      RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS);

    const auto offsets = admin.group_offsets("g", kTimeout);

    ASSERT_TRUE(offsets.ok()) << offsets.status().message();
    EXPECT_THAT(offsets.value(), ::testing::IsEmpty());
}

TEST_F(RdAdminTest, SaysWhenAGroupsOffsetsMayNotBeRead) {
    rd_kafka_mock_push_request_errors(cluster.get(), kOffsetFetch, 1,
                                      RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);

    const auto offsets = admin.group_offsets("g", kTimeout);

    ASSERT_FALSE(offsets.ok());
    EXPECT_THAT(offsets.status().message(),
                ::testing::HasSubstr("cannot read the offsets of group g"));
}

}  // namespace
}  // namespace millrace::kafka
