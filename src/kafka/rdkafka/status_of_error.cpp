// SPDX-License-Identifier: Apache-2.0
#include "kafka/rdkafka/status_of_error.hpp"

#include <array>

namespace millrace::kafka {
namespace {

struct Meaning {
    rd_kafka_resp_err_t error;
    ErrorCode code;
    Status::Flags flags;
};

constexpr Status::Flags kRetry{.retriable = true};
constexpr Status::Flags kFatal{.fatal = true};
constexpr Status::Flags kPlain{};

// Errors that are not listed are ErrorCode::kOther, without flags.
constexpr std::array kMeanings{
    Meaning{RD_KAFKA_RESP_ERR_NO_ERROR, ErrorCode::kNone, kPlain},
    Meaning{RD_KAFKA_RESP_ERR__TIMED_OUT, ErrorCode::kTimedOut, kRetry},
    Meaning{RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, ErrorCode::kTimedOut, kRetry},
    Meaning{RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, ErrorCode::kTimedOut, kRetry},
    Meaning{RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, ErrorCode::kTimedOut, kRetry},
    Meaning{RD_KAFKA_RESP_ERR__TRANSPORT, ErrorCode::kTransport, kRetry},
    Meaning{RD_KAFKA_RESP_ERR__RESOLVE, ErrorCode::kTransport, kRetry},
    Meaning{RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, ErrorCode::kTransport, kRetry},
    Meaning{RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION, ErrorCode::kTransport, kRetry},
    Meaning{RD_KAFKA_RESP_ERR__WAIT_COORD, ErrorCode::kNotReady, kRetry},
    Meaning{RD_KAFKA_RESP_ERR__WAIT_CACHE, ErrorCode::kNotReady, kRetry},
    Meaning{RD_KAFKA_RESP_ERR__IN_PROGRESS, ErrorCode::kNotReady, kRetry},
    Meaning{RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS, ErrorCode::kNotReady, kRetry},
    Meaning{RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, ErrorCode::kNotReady, kRetry},
    Meaning{RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, ErrorCode::kNotReady, kRetry},
    Meaning{RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE, ErrorCode::kNotReady, kRetry},
    Meaning{RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE, ErrorCode::kNotReady, kRetry},
    Meaning{RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, ErrorCode::kNotReady, kRetry},
    Meaning{RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, ErrorCode::kNotReady, kRetry},
    Meaning{RD_KAFKA_RESP_ERR_NOT_COORDINATOR, ErrorCode::kNotReady, kRetry},
    Meaning{RD_KAFKA_RESP_ERR_NOT_CONTROLLER, ErrorCode::kNotReady, kRetry},
    Meaning{RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, ErrorCode::kNotReady, kRetry},
    Meaning{RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND, ErrorCode::kNotReady, kRetry},
    Meaning{RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, ErrorCode::kNotReady, kRetry},
    Meaning{RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH, ErrorCode::kNotReady, kRetry},
    Meaning{RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH, ErrorCode::kNotReady, kRetry},
    Meaning{RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE, ErrorCode::kNotReady, kRetry},
    Meaning{RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED, ErrorCode::kNotReady, kRetry},
    Meaning{RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, ErrorCode::kUnknownTopic, kRetry},
    Meaning{RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, ErrorCode::kUnknownTopic, kRetry},
    // The result of listing offsets if none of the partitions has a leader.
    Meaning{RD_KAFKA_RESP_ERR__NOENT, ErrorCode::kUnknownTopic, kRetry},
    Meaning{RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, ErrorCode::kUnknownTopic, kRetry},
    Meaning{RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID, ErrorCode::kUnknownTopic, kRetry},
    Meaning{RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS, ErrorCode::kTopicExists, kPlain},
    Meaning{RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, ErrorCode::kOffsetOutOfRange, kPlain},
    Meaning{RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, ErrorCode::kOffsetOutOfRange, kPlain},
    Meaning{RD_KAFKA_RESP_ERR__LOG_TRUNCATION, ErrorCode::kOffsetOutOfRange, kPlain},
    Meaning{RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST, ErrorCode::kAssignmentLost, kPlain},
    Meaning{RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, ErrorCode::kUnknownMember, kPlain},
    Meaning{RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, ErrorCode::kIllegalGeneration, kPlain},
    Meaning{RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH, ErrorCode::kIllegalGeneration, kPlain},
    Meaning{RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, ErrorCode::kRebalanceInProgress, kRetry},
    Meaning{RD_KAFKA_RESP_ERR__FENCED, ErrorCode::kFenced, kFatal},
    Meaning{RD_KAFKA_RESP_ERR_PRODUCER_FENCED, ErrorCode::kFenced, kFatal},
    Meaning{RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, ErrorCode::kFenced, kFatal},
    Meaning{RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, ErrorCode::kFenced, kFatal},
    Meaning{RD_KAFKA_RESP_ERR_INVALID_TXN_STATE, ErrorCode::kInvalidTransactionState, kPlain},
    Meaning{RD_KAFKA_RESP_ERR__INCONSISTENT, ErrorCode::kInvalidTransactionState, kPlain},
    Meaning{RD_KAFKA_RESP_ERR__STATE, ErrorCode::kInvalidTransactionState, kPlain},
    Meaning{RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS, ErrorCode::kConcurrentTransactions, kRetry},
    Meaning{RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT, ErrorCode::kUnstableOffsets, kRetry},
    Meaning{RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED, ErrorCode::kMaxPollExceeded, kPlain},
    Meaning{RD_KAFKA_RESP_ERR__AUTHENTICATION, ErrorCode::kAuthentication, kPlain},
    Meaning{RD_KAFKA_RESP_ERR__SSL, ErrorCode::kAuthentication, kPlain},
    Meaning{RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, ErrorCode::kAuthentication, kPlain},
    Meaning{RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM, ErrorCode::kAuthentication, kPlain},
    Meaning{RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE, ErrorCode::kAuthentication, kPlain},
    Meaning{RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, ErrorCode::kAuthorization, kPlain},
    Meaning{RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, ErrorCode::kAuthorization, kPlain},
    Meaning{RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, ErrorCode::kAuthorization, kPlain},
    Meaning{RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED, ErrorCode::kAuthorization,
            kPlain},
    Meaning{RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, ErrorCode::kMessageTooLarge, kPlain},
    Meaning{RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, ErrorCode::kMessageTooLarge, kPlain},
    Meaning{RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE, ErrorCode::kMessageTooLarge, kPlain},
    Meaning{RD_KAFKA_RESP_ERR_INVALID_RECORD, ErrorCode::kInvalidRecord, kPlain},
    Meaning{RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP, ErrorCode::kInvalidRecord, kPlain},
    Meaning{RD_KAFKA_RESP_ERR_INVALID_MSG, ErrorCode::kInvalidRecord, kPlain},
    Meaning{RD_KAFKA_RESP_ERR__BAD_MSG, ErrorCode::kInvalidRecord, kPlain},
    Meaning{RD_KAFKA_RESP_ERR__INVALID_ARG, ErrorCode::kInvalidConfig, kPlain},
    Meaning{RD_KAFKA_RESP_ERR_INVALID_CONFIG, ErrorCode::kInvalidConfig, kPlain},
    Meaning{RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT, ErrorCode::kInvalidConfig, kPlain},
    Meaning{RD_KAFKA_RESP_ERR_INVALID_PARTITIONS, ErrorCode::kInvalidConfig, kPlain},
    Meaning{RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR, ErrorCode::kInvalidConfig, kPlain},
    Meaning{RD_KAFKA_RESP_ERR_INVALID_REPLICA_ASSIGNMENT, ErrorCode::kInvalidConfig, kPlain},
    Meaning{RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, ErrorCode::kInvalidConfig, kPlain},
    Meaning{RD_KAFKA_RESP_ERR_POLICY_VIOLATION, ErrorCode::kPolicyViolation, kPlain},
    Meaning{RD_KAFKA_RESP_ERR__QUEUE_FULL, ErrorCode::kQueueFull, kRetry},
    Meaning{RD_KAFKA_RESP_ERR__PURGE_QUEUE, ErrorCode::kPurged, kPlain},
    Meaning{RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, ErrorCode::kPurged, kPlain},
    Meaning{RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP, ErrorCode::kGroupNotEmpty, kPlain},
    Meaning{RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION, ErrorCode::kUnsupported, kPlain},
    Meaning{RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT, ErrorCode::kUnsupported, kPlain},
    Meaning{RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, ErrorCode::kUnsupported, kPlain},
    Meaning{RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED, ErrorCode::kUnsupported, kPlain},
    Meaning{RD_KAFKA_RESP_ERR__DESTROY, ErrorCode::kClosed, kPlain},
    Meaning{RD_KAFKA_RESP_ERR__FATAL, ErrorCode::kOther, kFatal},
};

Meaning meaning_of(rd_kafka_resp_err_t error) noexcept {
    for (const auto& meaning : kMeanings) {
        if (meaning.error == error) {
            return meaning;
        }
    }
    return {error, ErrorCode::kOther, kPlain};
}

std::string text_of(rd_kafka_resp_err_t error, std::string_view doing, std::string_view detail) {
    std::string text(doing);
    if (!text.empty()) {
        text += ": ";
    }
    text += detail.empty() ? std::string_view(rd_kafka_err2str(error)) : detail;
    text += " (";
    text += rd_kafka_err2name(error);
    text += ')';
    return text;
}

}  // namespace

ErrorCode code_of_error(rd_kafka_resp_err_t error) noexcept {
    return meaning_of(error).code;
}

Status status_of_error(rd_kafka_resp_err_t error, std::string_view doing, std::string_view detail) {
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        return {};
    }
    const Meaning meaning = meaning_of(error);
    return {meaning.code, text_of(error, doing, detail), meaning.flags};
}

Status status_of_error(const RdError& error, std::string_view doing) {
    if (error == nullptr) {
        return {};
    }
    const rd_kafka_resp_err_t number = rd_kafka_error_code(error.get());
    const Status::Flags flags{
        .retriable = rd_kafka_error_is_retriable(error.get()) != 0,
        .fatal = rd_kafka_error_is_fatal(error.get()) != 0,
        .must_abort_transaction = rd_kafka_error_txn_requires_abort(error.get()) != 0,
    };
    return {code_of_error(number), text_of(number, doing, rd_kafka_error_string(error.get())),
            flags};
}

Status status_of_client_error(rd_kafka_t* client, rd_kafka_resp_err_t error, std::string_view doing,
                              std::string_view detail) {
    char text[512] = "";
    const rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(client, text, sizeof text);
    if (fatal == RD_KAFKA_RESP_ERR_NO_ERROR) {
        return status_of_error(error, doing, detail);
    }
    return {code_of_error(fatal), text_of(fatal, doing, text), kFatal};
}

}  // namespace millrace::kafka
