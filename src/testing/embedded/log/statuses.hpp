// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/status.hpp"

#include <string>

namespace millrace::testing::embedded {

/// Whether the same call may succeed later.
constexpr bool is_retriable(kafka::ErrorCode code) noexcept {
    switch (code) {
        case kafka::ErrorCode::kTimedOut:
        case kafka::ErrorCode::kTransport:
        case kafka::ErrorCode::kNotReady:
        case kafka::ErrorCode::kUnknownTopic:
        case kafka::ErrorCode::kRebalanceInProgress:
        case kafka::ErrorCode::kConcurrentTransactions:
        case kafka::ErrorCode::kUnstableOffsets:
        case kafka::ErrorCode::kQueueFull:
            return true;
        default:
            return false;
    }
}

/// A failure with the `retriable` flag of its code.
inline kafka::Status failure(kafka::ErrorCode code, std::string message) {
    return {code, std::move(message), {.retriable = is_retriable(code)}};
}

/// A failure after which the client object cannot be used any more.
inline kafka::Status fatal_failure(kafka::ErrorCode code, std::string message) {
    return {code, std::move(message), {.fatal = true}};
}

/// A failure after which the transaction must be aborted.
inline kafka::Status abortable_failure(kafka::ErrorCode code, std::string message) {
    return {code, std::move(message), {.must_abort_transaction = true}};
}

}  // namespace millrace::testing::embedded
