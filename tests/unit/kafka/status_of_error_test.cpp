// SPDX-License-Identifier: Apache-2.0
#include "kafka/rdkafka/status_of_error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace millrace::kafka {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(StatusOfError, NamesTheErrorsThatTheRuntimeDistinguishes) {
    const std::vector<std::pair<rd_kafka_resp_err_t, ErrorCode>> expected{
        {RD_KAFKA_RESP_ERR__TIMED_OUT, ErrorCode::kTimedOut},
        {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, ErrorCode::kTimedOut},
        {RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, ErrorCode::kTransport},
        {RD_KAFKA_RESP_ERR_NOT_COORDINATOR, ErrorCode::kNotReady},
        {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, ErrorCode::kUnknownTopic},
        {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, ErrorCode::kUnknownTopic},
        {RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS, ErrorCode::kTopicExists},
        {RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, ErrorCode::kOffsetOutOfRange},
        {RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST, ErrorCode::kAssignmentLost},
        {RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, ErrorCode::kUnknownMember},
        {RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, ErrorCode::kIllegalGeneration},
        {RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, ErrorCode::kRebalanceInProgress},
        {RD_KAFKA_RESP_ERR__FENCED, ErrorCode::kFenced},
        {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, ErrorCode::kFenced},
        {RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, ErrorCode::kFenced},
        {RD_KAFKA_RESP_ERR_INVALID_TXN_STATE, ErrorCode::kInvalidTransactionState},
        {RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS, ErrorCode::kConcurrentTransactions},
        {RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT, ErrorCode::kUnstableOffsets},
        {RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED, ErrorCode::kMaxPollExceeded},
        {RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, ErrorCode::kAuthentication},
        {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, ErrorCode::kAuthorization},
        {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, ErrorCode::kMessageTooLarge},
        {RD_KAFKA_RESP_ERR_INVALID_RECORD, ErrorCode::kInvalidRecord},
        {RD_KAFKA_RESP_ERR_POLICY_VIOLATION, ErrorCode::kPolicyViolation},
        {RD_KAFKA_RESP_ERR__QUEUE_FULL, ErrorCode::kQueueFull},
        {RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, ErrorCode::kPurged},
        {RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP, ErrorCode::kGroupNotEmpty},
        {RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION, ErrorCode::kUnsupported},
        {RD_KAFKA_RESP_ERR__DESTROY, ErrorCode::kClosed},
        {RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE, ErrorCode::kOther},
    };
    for (const auto& [error, code] : expected) {
        EXPECT_EQ(code_of_error(error), code) << rd_kafka_err2name(error);
    }
}

TEST(StatusOfError, ContainsTheOperationAndTheError) {
    const Status status =
        status_of_error(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "cannot read orders-3");

    EXPECT_THAT(status.message(),
                AllOf(HasSubstr("cannot read orders-3"), HasSubstr("Unknown topic or partition"),
                      HasSubstr("UNKNOWN_TOPIC_OR_PART")));
}

TEST(StatusOfError, IsOkWithoutAnError) {
    EXPECT_TRUE(status_of_error(RD_KAFKA_RESP_ERR_NO_ERROR, "anything").ok());
    EXPECT_TRUE(status_of_error(RdError(), "anything").ok());
    EXPECT_TRUE(status_of_error(RD_KAFKA_RESP_ERR_NO_ERROR, "anything").message().empty());
}

TEST(StatusOfError, DistinguishesRetriableAndFatalErrors) {
    EXPECT_TRUE(status_of_error(RD_KAFKA_RESP_ERR__TRANSPORT, "").retriable());
    EXPECT_FALSE(status_of_error(RD_KAFKA_RESP_ERR__TRANSPORT, "").fatal());
    EXPECT_TRUE(status_of_error(RD_KAFKA_RESP_ERR__FENCED, "").fatal());
    EXPECT_FALSE(status_of_error(RD_KAFKA_RESP_ERR__FENCED, "").retriable());
    EXPECT_TRUE(status_of_error(RD_KAFKA_RESP_ERR__FENCED, "").fenced());
    EXPECT_FALSE(status_of_error(RD_KAFKA_RESP_ERR_INVALID_RECORD, "").retriable());
}

TEST(StatusOfError, KeepsTheFlagsOfAnErrorObject) {
    const RdError plain(rd_kafka_error_new(RD_KAFKA_RESP_ERR__TIMED_OUT, "after %d ms", 5));

    const Status status = status_of_error(plain, "cannot commit");

    EXPECT_EQ(status.code(), ErrorCode::kTimedOut);
    EXPECT_FALSE(status.retriable()) << "the object has the last word, not the number";
    EXPECT_THAT(status.message(), HasSubstr("cannot commit: after 5 ms"));
}

}  // namespace
}  // namespace millrace::kafka
