// SPDX-License-Identifier: Apache-2.0
#include "millrace/client/handlers.hpp"

#include "core/log.hpp"
#include "core/type_name.hpp"
#include "runtime/task/error_place.hpp"

#include <string>
#include <typeinfo>
#include <utility>

namespace millrace {
namespace {

std::string describe(const ErrorContext& context, const std::exception& error) {
    return runtime::place_of(context) + error.what();
}

ErrorResponse answer(ErrorDecision decision, const ErrorContext& context,
                     const std::exception& error) {
    ErrorResponse response{.decision = decision};
    if (!context.dead_letter_topic.empty()) {
        response.dead_letters.push_back(dead_letter(context, error));
    }
    return response;
}

}  // namespace

ErrorResponse log_and_fail(const ErrorContext& context, const std::exception& error) {
    log::error("record failed: " + describe(context, error));
    return answer(ErrorDecision::kFail, context, error);
}

ErrorResponse log_and_continue(const ErrorContext& context, const std::exception& error) {
    log::warn("record skipped: " + describe(context, error));
    return answer(ErrorDecision::kResume, context, error);
}

ErrorResponse retry_or_fail(const ErrorContext& context, const FailedRecord& record,
                            const std::exception& error) {
    if (record.retriable) {
        return {.decision = ErrorDecision::kRetry};
    }
    log::error("record not sent to " + std::string(record.topic) + ": " + describe(context, error));
    ErrorContext known = context;
    if (context.topic.empty()) {  // The source record is no longer available, so the dead letter
                                  // contains the record that was sent.
        known.source_key = record.key;
        known.source_value = record.value;
        known.headers = record.headers;
    }
    return answer(ErrorDecision::kFail, known, error);
}

DeadLetter dead_letter(const ErrorContext& context, const std::exception& error) {
    DeadLetter letter{.topic = std::string(context.dead_letter_topic)};
    if (context.source_key) {
        letter.key = Bytes(*context.source_key);
    }
    if (context.source_value) {
        letter.value = Bytes(*context.source_value);
    }
    if (context.headers != nullptr) {
        letter.headers = *context.headers;
    }
    if (context.timestamp != kNoTimestamp) {
        letter.timestamp = context.timestamp;
    }
    letter.headers.add("__streams.errors.exception", type_name(typeid(error).name()));
    letter.headers.add("__streams.errors.message", std::string(error.what()));
    letter.headers.add("__streams.errors.stacktrace", std::string(context.node));
    if (!context.topic.empty()) {
        letter.headers.add("__streams.errors.topic", std::string(context.topic));
        letter.headers.add("__streams.errors.partition", std::to_string(context.partition));
        letter.headers.add("__streams.errors.offset", std::to_string(context.offset));
    }
    return letter;
}

}  // namespace millrace
