// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace millrace::kafka {

/// Why Kafka or its client failed. Only errors that the runtime distinguishes have a code.
enum class ErrorCode {
    kNone,
    kTimedOut,
    kTransport,     ///< Connection broken, host not found, all brokers down.
    kNotReady,      ///< Coordinator loading or moving, leader not available, metadata missing.
    kUnknownTopic,  ///< Topic or partition does not exist (yet).
    kTopicExists,
    kOffsetOutOfRange,
    kAssignmentLost,
    kUnknownMember,
    kIllegalGeneration,
    kRebalanceInProgress,
    kFenced,  ///< Another producer or member with the same identity took over.
    kInvalidTransactionState,
    kConcurrentTransactions,
    kUnstableOffsets,  ///< A transaction on these group offsets is still open.
    kMaxPollExceeded,
    kAuthentication,
    kAuthorization,
    kMessageTooLarge,
    kInvalidRecord,
    kInvalidConfig,  ///< A client setting or a topic's configuration was refused.
    kPolicyViolation,
    kQueueFull,
    kPurged,  ///< A produced record was discarded because its transaction was aborted.
    kGroupNotEmpty,
    kUnsupported,
    kClosed,  ///< The client object was closed.
    kOther,
};

/// The outcome of a call to Kafka. A value instead of an exception, because the caller must branch
/// on it.
class [[nodiscard]] Status {
  public:
    struct Flags {
        bool retriable = false;               ///< The same call may succeed later.
        bool fatal = false;                   ///< The client object cannot be used any more.
        bool must_abort_transaction = false;  ///< The transaction must be aborted.
    };

    Status() = default;
    Status(ErrorCode code, std::string message, Flags flags)
        : code_(code), flags_(flags), message_(std::move(message)) {}
    Status(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

    bool ok() const noexcept { return code_ == ErrorCode::kNone; }
    ErrorCode code() const noexcept { return code_; }
    bool retriable() const noexcept { return flags_.retriable; }
    bool fatal() const noexcept { return flags_.fatal; }
    bool must_abort_transaction() const noexcept { return flags_.must_abort_transaction; }
    bool fenced() const noexcept { return code_ == ErrorCode::kFenced; }

    /// For people: the failed operation and its topic, broker or group. Empty if ok().
    const std::string& message() const noexcept { return message_; }

  private:
    ErrorCode code_ = ErrorCode::kNone;
    Flags flags_;
    std::string message_;
};

/// A value, or the Status that explains why there is none.
template <class T>
class [[nodiscard]] Result {
  public:
    Result(T value) : content_(std::move(value)) {}         // NOLINT(google-explicit-constructor)
    Result(Status status) : content_(std::move(status)) {}  // NOLINT(google-explicit-constructor)

    bool ok() const noexcept { return std::holds_alternative<T>(content_); }

    /// Requires ok().
    T& value() { return std::get<T>(content_); }
    const T& value() const { return std::get<T>(content_); }

    /// The status; an ok one if there is a value.
    Status status() const {
        const Status* failed = std::get_if<Status>(&content_);
        return failed != nullptr ? *failed : Status{};
    }

  private:
    std::variant<T, Status> content_;
};

}  // namespace millrace::kafka
