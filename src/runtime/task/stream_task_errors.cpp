// SPDX-License-Identifier: Apache-2.0

// The part of StreamTask that handles records that cannot be read, processed or written.
#include "core/exception_text.hpp"
#include "millrace/core/error.hpp"
#include "millrace/detail/nodes/node.hpp"
#include "runtime/task/error_place.hpp"
#include "runtime/task/stream_task.hpp"
#include "runtime/task/stream_task_skipped_records.hpp"
#include "runtime/task/task_errors.hpp"

#include <stdexcept>

namespace millrace::runtime {
namespace {

/// Errors that the thread must handle without a handler's decision: damaged state, cluster or
/// library errors, and the decision of a handler further downstream.
bool beyond_handlers(ErrorKind kind) {
    return kind == ErrorKind::kProcessing || kind == ErrorKind::kState ||
           kind == ErrorKind::kKafka || kind == ErrorKind::kInternal;
}

}  // namespace

void StreamTask::SkippedRecords::on_unreadable(const detail::SourceRecord& record) {
    const ErrorContext context{.task = task_->id_,
                               .node = source_->name(),
                               .topic = *record.topic,
                               .partition = record.partition,
                               .offset = record.offset(),
                               .timestamp = record.timestamp(),
                               .headers = record.headers,
                               .source_key = record.key(),
                               .source_value = record.value(),
                               .dead_letter_topic = task_->settings_->dead_letter_topic};
    try {
        throw;
    } catch (const std::exception& error) {
        task_->act_on(task_->settings_->deserialization_handler(context, error),
                      "cannot read record", context, error);
    }
}

void StreamTask::SkippedRecords::on_negative_time(const detail::SourceRecord& record,
                                                  Timestamp extracted) {
    task_->dropped_records_.add(source_->name(),
                                "negative timestamp " + std::to_string(milliseconds_of(extracted)) +
                                    " extracted: topic " + *record.topic + ", partition " +
                                    std::to_string(record.partition) + ", offset " +
                                    std::to_string(record.offset()),
                                task_->wall_clock());
}

void StreamTask::processing_failed(const detail::Node& node) {
    try {
        throw;
    } catch (const RestartFromCommit&) {
        throw;
    } catch (const Error& error) {
        if (beyond_handlers(error.kind())) {
            throw;
        }
        if (error.kind() == ErrorKind::kSerde) {
            ask_processing_handler(node, with_stores_of(node.name(), *application_->spec, error));
        } else {
            ask_processing_handler(node, error);
        }
    } catch (const std::exception& error) {
        ask_processing_handler(node, error);
    } catch (...) {
        ask_processing_handler(node, std::runtime_error(exception_text()));
    }
}

void StreamTask::ask_processing_handler(const detail::Node& node, const std::exception& error) {
    const ErrorContext context = error_context(node.name());
    act_on(settings_->processing_handler(context, error), "cannot process record", context, error);
}

void StreamTask::serialization_failed(const detail::Node& node, const std::string& topic) {
    const ErrorContext context = error_context(node.name());
    const FailedRecord failed{.topic = topic, .headers = context.headers, .serialization = true};
    const auto ask = [&](const std::exception& error) {
        act_on(settings_->production_handler(context, failed, error),
               "cannot serialise record for topic " + topic, context, error);
    };
    try {
        throw;
    } catch (const std::exception& error) {
        ask(error);
    } catch (...) {
        ask(std::runtime_error(exception_text()));
    }
}

ErrorContext StreamTask::error_context(std::string_view node) const {
    ErrorContext context{
        .task = id_, .node = node, .dead_letter_topic = settings_->dead_letter_topic};
    context.timestamp = record_.timestamp;
    context.headers = record_.headers;
    describe_source(context);
    return context;
}

void StreamTask::describe_source(ErrorContext& context) const {
    if (record_.topic == nullptr) {
        return;
    }
    context.topic = *record_.topic;
    context.partition = record_.partition;
    context.offset = record_.offset;
    context.timestamp = record_.timestamp;
    context.headers = record_.headers;
    if (record_.source != nullptr) {
        context.source_key = record_.source->key();
        context.source_value = record_.source->value();
    }
}

void StreamTask::act_on(const ErrorResponse& response, std::string_view what,
                        const ErrorContext& context, const std::exception& error) {
    const bool resume = response.decision == ErrorDecision::kResume;
    sent_dead_letters_ |= !response.dead_letters.empty();
    for (const DeadLetter& letter : response.dead_letters) {
        const detail::SinkTopic topic = collector_->topic(letter.topic);
        const detail::OutgoingRecord record{
            .key = letter.key ? NullableBytes(*letter.key) : std::nullopt,
            .value = letter.value ? NullableBytes(*letter.value) : std::nullopt,
            .timestamp = letter.timestamp,
            .headers = &letter.headers,
            .partition = letter.partition,
            .origin = collector_->origin(id_, std::string(context.node))};
        resume ? collector_->send(topic, record) : collector_->send_before_failing(topic, record);
    }
    if (resume) {
        dropped_records_.add();
        return;
    }
    throw ProcessingError(std::string(what) + ": " + place_of(context) + error.what());
}

void StreamTask::dropped(const detail::Node& node, std::string_view reason) {
    dropped_records_.add(node.name(), reason, wall_clock_);
}

void StreamTask::dropped_expired(const std::string& store) {
    dropped_records_.add(store, "record too late for the store's retention", wall_clock_);
}

}  // namespace millrace::runtime
