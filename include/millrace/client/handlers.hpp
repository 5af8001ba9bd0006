// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/headers.hpp"
#include "millrace/core/task_id.hpp"
#include "millrace/core/time.hpp"
#include "millrace/core/topic_partition.hpp"

#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// A record for a dead letter topic: the record that could not be read, processed or sent, and the
/// reason.
struct DeadLetter {
    std::string topic;
    NullableOwnedBytes key{};
    NullableOwnedBytes value{};
    Headers headers{};
    std::optional<Timestamp> timestamp{};  ///< Empty: the producer's clock.
    std::optional<Partition> partition{};  ///< Empty: by key.
};

/// The position and the record of a failure. A view, valid during the call of a handler.
///
/// If a delivery failed, only the task, the node (a sink), its time and the dead letter topic are
/// known, because the source record is no longer available; for a changelog topic, not even task
/// and node. If a record was too large to be sent, the source record is known.
struct ErrorContext {
    TaskId task{};
    /// Name of the node that failed; the source if the record cannot be read.
    std::string_view node{};
    std::string_view topic{};            ///< Of the source record; empty in punctuators.
    Partition partition = -1;            ///< -1 in punctuators.
    Offset offset = -1;                  ///< -1 in punctuators.
    Timestamp timestamp = kNoTimestamp;  ///< Of the current record, otherwise of the source record.
    const Headers* headers = nullptr;    ///< Null: none.
    NullableBytes source_key{};  ///< The source record's bytes; null if there is no source record.
    NullableBytes source_value{};
    std::string_view
        dead_letter_topic{};  ///< Value of errors.dead.letter.queue.topic.name; may be empty.
};

/// The record that could not be sent. A view, valid during the call of a handler.
struct FailedRecord {
    std::string_view topic{};
    NullableBytes key{};
    NullableBytes value{};
    const Headers* headers = nullptr;
    bool retriable = false;  ///< Whether kRetry may succeed; otherwise it is treated as kFail.
    /// True: key or value could not be serialised; both are null then.
    bool serialization = false;
};

/// The decision after an error.
enum class ErrorDecision {
    kResume,  ///< Skip the record, count it, continue.
    kFail,    ///< The stream thread fails; the uncaught-exception handler decides what follows.
    kRetry,   ///< Production errors only: send again.
};

struct ErrorResponse {
    ErrorDecision decision = ErrorDecision::kFail;
    std::vector<DeadLetter> dead_letters{};  ///< Sent for every decision, and before a thread ends.
};

/// Handlers decide about records that cannot be read (key, value or time), processed or sent. All
/// stream threads call the same handler, concurrently. An exception of a handler fails the thread.
using DeserializationHandler =
    std::function<ErrorResponse(const ErrorContext&, const std::exception&)>;

/// Called for the node that threw. After kResume, processing continues after that node: its
/// siblings still get the record.
using ProcessingHandler = std::function<ErrorResponse(const ErrorContext&, const std::exception&)>;

using ProductionHandler =
    std::function<ErrorResponse(const ErrorContext&, const FailedRecord&, const std::exception&)>;

/// Logs and returns kFail. If a dead letter topic is set, sends the source record there. The
/// default.
ErrorResponse log_and_fail(const ErrorContext& context, const std::exception& error);

/// Logs and returns kResume. If a dead letter topic is set, sends the source record there.
ErrorResponse log_and_continue(const ErrorContext& context, const std::exception& error);

/// The default for production: returns kRetry if that may succeed, otherwise logs and returns
/// kFail. If a dead letter topic is set, sends the source record there or, if that is no longer
/// available, the record that could not be delivered.
ErrorResponse retry_or_fail(const ErrorContext& context, const FailedRecord& record,
                            const std::exception& error);

/// The dead letter of the handlers above: the source record's bytes and headers, followed by the
/// headers `__streams.errors.exception`, `.message`, `.stacktrace`, `.topic`, `.partition` and
/// `.offset` (KIP-1034). C++ has no stack traces: that header contains the node's name. The last
/// three are omitted if the source record is unknown.
DeadLetter dead_letter(const ErrorContext& context, const std::exception& error);

}  // namespace millrace
