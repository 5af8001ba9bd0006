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

/// A record for a dead letter topic: what could not be read, processed or sent, and why.
struct DeadLetter {
    std::string topic;
    NullableOwnedBytes key{};
    NullableOwnedBytes value{};
    Headers headers{};
    std::optional<Timestamp> timestamp{};  ///< Nothing: the producer's clock.
    std::optional<Partition> partition{};  ///< Nothing: by key.
};

/// Where and on which record something failed. Views, valid during the call of a handler.
///
/// Of a record whose delivery failed only the task, the node (a sink), its time and the dead letter
/// topic are known, as what was read has been left behind; of one for a changelog topic not even
/// task and node. Of one that cannot even be sent, as it is too large, the source record is known.
struct ErrorContext {
    TaskId task{};
    std::string_view node{};   ///< Name of the node that failed; of the source for a record that
                               ///< cannot be read.
    std::string_view topic{};  ///< Of the source record; empty in punctuators.
    Partition partition = -1;  ///< -1 in punctuators.
    Offset offset = -1;        ///< -1 in punctuators.
    Timestamp timestamp = kNoTimestamp;  ///< Of the record at hand, else of the source record.
    const Headers* headers = nullptr;    ///< Null: none.
    NullableBytes source_key{};          ///< The source record's bytes, null when none is at hand.
    NullableBytes source_value{};
    std::string_view
        dead_letter_topic{};  ///< Setting errors.dead.letter.queue.topic.name; may be empty.
};

/// What could not be sent. Views, valid during the call of a handler.
struct FailedRecord {
    std::string_view topic{};
    NullableBytes key{};
    NullableBytes value{};
    const Headers* headers = nullptr;
    bool retriable = false;      ///< Whether kRetry may help; it is treated as kFail otherwise.
    bool serialization = false;  ///< True: key or value could not be written; both are null then.
};

/// What happens after an error.
enum class ErrorDecision {
    kResume,  ///< Skip what failed, count it, go on.
    kFail,    ///< The stream thread fails; its uncaught exception handler decides what then.
    kRetry,   ///< Of production errors only: send again.
};

struct ErrorResponse {
    ErrorDecision decision = ErrorDecision::kFail;
    std::vector<DeadLetter> dead_letters{};  ///< Sent whatever the decision is; before the thread
                                             ///< ends, too.
};

/// Handlers decide about records that cannot be read (key, value or time), processed or sent. One
/// handler serves all stream threads at the same time. An exception thrown by a handler fails the
/// thread.
using DeserializationHandler =
    std::function<ErrorResponse(const ErrorContext&, const std::exception&)>;

/// Called for the node that threw; kResume goes on after that node: its siblings still get the
/// record.
using ProcessingHandler = std::function<ErrorResponse(const ErrorContext&, const std::exception&)>;

using ProductionHandler =
    std::function<ErrorResponse(const ErrorContext&, const FailedRecord&, const std::exception&)>;

/// Answers kFail after logging. With a dead letter topic set, the source record is sent there. The
/// default.
ErrorResponse log_and_fail(const ErrorContext& context, const std::exception& error);

/// Answers kResume after logging. With a dead letter topic set, the source record is sent there.
ErrorResponse log_and_continue(const ErrorContext& context, const std::exception& error);

/// The default for production: kRetry when that may help, else kFail after logging. With a dead
/// letter topic set, what fails is sent there: the source record or, once that is no longer at
/// hand, the record that could not be delivered.
ErrorResponse retry_or_fail(const ErrorContext& context, const FailedRecord& record,
                            const std::exception& error);

/// The dead letter that the handlers above send: the source record's bytes and headers, followed by
/// the headers `__streams.errors.exception`, `.message`, `.stacktrace`, `.topic`, `.partition` and
/// `.offset` (KIP-1034). There are no stack traces in C++: that header holds the node's name. The
/// last three are left out when the source is not known.
DeadLetter dead_letter(const ErrorContext& context, const std::exception& error);

}  // namespace millrace
