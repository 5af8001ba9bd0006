// SPDX-License-Identifier: Apache-2.0

// The part of ProducerCollector that handles records that cannot be sent, and dead letters.
#include "core/exception_text.hpp"
#include "core/log.hpp"
#include "millrace/core/error.hpp"
#include "runtime/commit/producer_collector.hpp"
#include "runtime/task/task_errors.hpp"

#include <exception>
#include <utility>

namespace millrace::runtime {

namespace {

std::string what_failed(std::string_view topic, TaskId task, const std::string& node,
                        const kafka::Status& status) {
    const std::string from = node.empty() ? "" : ", node " + node + ", task " + to_string(task);
    return "cannot send record: topic " + std::string(topic) + from + ": " + status.message();
}

/// Whether the cluster does not authorize the producer: it would refuse a new producer, too.
bool is_refusal(const kafka::Status& status) {
    return status.code() == kafka::ErrorCode::kAuthorization ||
           status.code() == kafka::ErrorCode::kAuthentication;
}

}  // namespace

void ProducerCollector::send_before_failing(detail::SinkTopic topic,
                                            const detail::OutgoingRecord& record) {
    if (!transactional()) {
        send(topic, record);
        return;
    }
    const auto copy = [](const NullableBytes& bytes) {
        return bytes ? NullableOwnedBytes(*bytes) : std::nullopt;
    };
    last_letters_.push_back({{.topic = topics_[topic.index].name,
                              .key = copy(record.key),
                              .value = copy(record.value),
                              .headers = record.headers == nullptr ? Headers{} : *record.headers,
                              .timestamp = record.timestamp,
                              .partition = record.partition},
                             record.origin});
}

bool ProducerCollector::deliver_dead_letters(std::chrono::milliseconds timeout) {
    if (!transactional()) {
        return flush(timeout);
    }
    std::vector<Letter> letters = std::exchange(last_letters_, {});
    if (letters.empty()) {
        return true;
    }
    if (!output_.transaction->abort(timeout)) {
        reset();
    }
    if (!initialise(timeout)) {
        return false;
    }
    output_.transaction->ensure_open();
    dead_letters_ = std::move(letters);
    throw_pending();
    return flush(timeout) && output_.transaction->commit({}, {}, timeout).ok();
}

void ProducerCollector::on_failed_delivery(const kafka::FailedDelivery& failed_delivery) {
    if (failed_delivery.status.code() == kafka::ErrorCode::kPurged) {
        return;  // Discarded together with its transaction.
    }
    if (failed_delivery.status.code() == kafka::ErrorCode::kMessageTooLarge &&
        batch_size_.is_to_blame_for(failed_delivery)) {
        unusable_ = failed_delivery.status.message() + "; sending smaller batches from now on";
        pending_ = true;
        return;
    }
    ErrorContext context = context_of(failed_delivery.origin);
    context.timestamp = failed_delivery.timestamp;
    failed({.topic = failed_delivery.topic,
            .key = failed_delivery.key,
            .value = failed_delivery.value,
            .headers = &failed_delivery.headers,
            .retriable = failed_delivery.status.retriable()},
           context, failed_delivery.origin, failed_delivery.status);
    if (transactional() && !failure_ && !retry_ && !unusable_) {
        failure_ =
            "the production exception handler decided to continue, but a transaction cannot be "
            "committed without a record that was sent: topic " +
            std::string(failed_delivery.topic) + ", partition " +
            std::to_string(failed_delivery.partition) + ": " + failed_delivery.status.message() +
            "; correct the record or the topic, or use at_least_once";
        pending_ = true;
    }
}

ErrorContext ProducerCollector::context_of(std::uint32_t origin) const {
    const Origin& from = origins_.at(origin);
    return {.task = from.task,
            .node = from.node,
            .dead_letter_topic = parts_.settings->dead_letter_topic};
}

void ProducerCollector::on_error(const kafka::Status& status) {
    if (status.fatal()) {
        (is_refusal(status) ? failure_ : unusable_) =
            "the producer cannot continue: " + status.message();
        pending_ = true;
    } else {
        log_.warn("producer: " + status.message());
    }
}

/// Calls the handler. Never throws, because the producer may be the caller: the decision is stored.
void ProducerCollector::failed(const FailedRecord& record, const ErrorContext& context,
                               std::uint32_t origin, const kafka::Status& status) {
    const Origin& from = origins_.at(origin);
    const std::string what = what_failed(record.topic, from.task, from.node, status);
    if (status.fatal()) {
        (is_refusal(status) ? failure_ : unusable_) = what;
        pending_ = true;
        return;
    }
    try {
        const KafkaError error(what);
        ErrorResponse response = parts_.settings->production_handler(context, record, error);
        sent_dead_letters_ |= !response.dead_letters.empty();
        const bool last = transactional() && response.decision != ErrorDecision::kResume;
        for (DeadLetter& letter : response.dead_letters) {
            (last ? last_letters_ : dead_letters_).push_back({std::move(letter), origin});
            pending_ = true;
        }
        if (response.decision == ErrorDecision::kResume) {
            log::warn("record discarded, as decided by the production exception handler: " + what);
            if (parts_.dropped != nullptr) {
                parts_.dropped->add();
            }
        } else if (response.decision == ErrorDecision::kRetry && record.retriable) {
            retry_ = what;
            pending_ = true;
        } else {
            failure_ = what;
            pending_ = true;
        }
    } catch (...) {
        failure_ = what + "; the production exception handler failed: " + exception_text();
        pending_ = true;
    }
}

void ProducerCollector::send_dead_letters() {
    for (const auto& [letter, origin] : std::exchange(dead_letters_, {})) {
        const detail::SinkTopic where = topic(letter.topic);
        const kafka::ProducerRecord record{
            .topic = topics_[where.index].handle,
            .partition = letter.partition.value_or(kafka::kAnyPartition),
            .key = letter.key ? NullableBytes(*letter.key) : std::nullopt,
            .value = letter.value ? NullableBytes(*letter.value) : std::nullopt,
            .timestamp = letter.timestamp,
            .headers = &letter.headers,
            .acknowledged = nullptr,
            .origin = origin};
        const kafka::Status status =
            send_when_there_is_room(record, output_.producer->send(record));
        if (!status.ok()) {
            const Origin& from = origins_.at(origin);
            failure_ = "cannot send dead letter: " +
                       what_failed(letter.topic, from.task, from.node, status);
        }
    }
}

/// Throws the decisions since the last call.
void ProducerCollector::throw_pending() {
    pending_ = false;
    send_dead_letters();
    if (unusable_) {
        throw RestartFromCommit(*std::exchange(unusable_, std::nullopt));
    }
    if (failure_) {
        throw ProcessingError(*std::exchange(failure_, std::nullopt));
    }
    if (retry_) {
        throw RestartFromCommit(*std::exchange(retry_, std::nullopt));
    }
}

}  // namespace millrace::runtime
