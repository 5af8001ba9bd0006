// SPDX-License-Identifier: Apache-2.0
#include "runtime/commit/producer_collector.hpp"

#include "core/check.hpp"
#include "core/exception_text.hpp"
#include "core/log.hpp"
#include "kafka/murmur2.hpp"
#include "millrace/core/error.hpp"
#include "runtime/task/task_errors.hpp"

#include <exception>
#include <utility>

namespace millrace::runtime {

namespace {

/// How long records for other topics may delay the first record for a topic with smaller batches.
constexpr std::chrono::seconds kReplacementWait{2};

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

ProducerCollector::ProducerCollector(Parts parts)
    : parts_(std::move(parts)),
      batch_size_(parts_.producer_settings, parts_.limits),
      log_(*parts_.clock),
      origins_(1) {
    make_producer();
}

ProducerCollector::~ProducerCollector() = default;

void ProducerCollector::make_producer() {
    transaction_.reset();
    producer_ = parts_.supplier->make_producer(batch_size_.apply(parts_.producer_settings), *this);
    if (parts_.transactional) {
        transaction_.emplace(*producer_, *parts_.clock);
    }
    for (Topic& topic : topics_) {
        topic.handle = producer_->topic(topic.name);
        topic.partitions = 0;
    }
}

void ProducerCollector::reset() {
    transaction_.reset();
    producer_.reset();
    dead_letters_.clear();
    last_letters_.clear();
    failure_.reset();
    retry_.reset();
    unusable_.reset();
    pending_ = false;
    make_producer();
}

detail::SinkTopic ProducerCollector::topic(const std::string& name) {
    const auto [entry, added] =
        index_.try_emplace(name, static_cast<std::uint32_t>(topics_.size()));
    if (added) {
        topics_.push_back({name, producer_->topic(name), 0});
        fit_batches({&name, 1});
    }
    return {entry->second};
}

void ProducerCollector::expect(std::span<const std::string> topics) {
    fit_batches(topics);
}

/// Replaces the producer by one with smaller batches if one of these topics requires that. If sent
/// records are not delivered in time, the current producer is kept: a batch that is too large is
/// then detected when the topic refuses it.
void ProducerCollector::fit_batches(std::span<const std::string> topics) {
    if (transaction_ && transaction_->open()) {
        return;  // A new producer would discard what was sent.
    }
    if (batch_size_.too_large_for(topics) && producer_->flush(kReplacementWait).ok()) {
        make_producer();
    }
}

std::uint32_t ProducerCollector::origin(TaskId task, const std::string& node) {
    const auto [entry, added] = origin_numbers_.try_emplace(
        Origin{task, node}, static_cast<std::uint32_t>(origins_.size()));
    if (added) {
        origins_.push_back(entry->first);
    }
    return entry->second;
}

Partition ProducerCollector::partition_count(detail::SinkTopic topic) {
    MILLRACE_CHECK(topic.index < topics_.size());
    Topic& known = topics_[topic.index];
    if (known.partitions == 0) [[unlikely]] {
        const auto count = producer_->partition_count(known.handle, parts_.metadata_timeout);
        if (!count.ok()) {
            const std::string what =
                "cannot send to topic " + known.name +
                ": it does not exist or cannot be described: " + count.status().message();
            if (count.status().retriable()) {  // It may be created later.
                throw RestartFromCommit(what);
            }
            throw KafkaError(what);
        }
        known.partitions = count.value();
        MILLRACE_CHECK(known.partitions > 0);
    }
    return known.partitions;
}

Partition ProducerCollector::choose_partition(detail::SinkTopic topic,
                                              const detail::OutgoingRecord& record) {
    if (record.partition) {
        return *record.partition;
    }
    const NullableBytes& key = record.partition_key ? record.partition_key : record.key;
    return key ? kafka::partition_for_key(*key, partition_count(topic)) : kafka::kAnyPartition;
}

void ProducerCollector::send(detail::SinkTopic topic, const detail::OutgoingRecord& record) {
    if (pending_) [[unlikely]] {
        throw_pending();
    }
    if (transaction_) {
        transaction_->ensure_open();
    }
    const Partition partition = choose_partition(topic, record);
    const kafka::Status status = send_patiently({.topic = topics_[topic.index].handle,
                                                 .partition = partition,
                                                 .key = record.key,
                                                 .value = record.value,
                                                 .timestamp = record.timestamp,
                                                 .headers = record.headers,
                                                 .acknowledged = record.acknowledged,
                                                 .origin = record.origin});
    if (!status.ok()) [[unlikely]] {
        ErrorContext context = context_of(record.origin);
        if (parts_.source) {
            parts_.source(context);
        }
        failed({.topic = topics_[topic.index].name,
                .key = record.key,
                .value = record.value,
                .headers = record.headers,
                .retriable = status.retriable()},
               context, record.origin, status);
        throw_pending();
    }
}

/// Waits while the queue is full: it has room at the latest when message.timeout.ms of its oldest
/// record has passed. If time does not advance, waiting is useless.
kafka::Status ProducerCollector::send_patiently(const kafka::ProducerRecord& record) {
    kafka::Status status = producer_->send(record);
    while (status.code() == kafka::ErrorCode::kQueueFull && parts_.while_full) [[unlikely]] {
        const auto before = parts_.clock->monotonic();
        parts_.while_full();
        status = producer_->send(record);
        if (parts_.clock->monotonic() == before) {
            break;
        }
    }
    return status;
}

void ProducerCollector::poll() {
    batch_size_.doubt_limits();
    producer_->poll();
    if (pending_) [[unlikely]] {
        throw_pending();
    }
}

bool ProducerCollector::flush(std::chrono::milliseconds timeout) {
    batch_size_.doubt_limits();
    const kafka::Status status = producer_->flush(timeout);
    if (pending_) {
        const bool again = !dead_letters_.empty();
        throw_pending();
        if (again) {
            return flush(timeout);
        }
    }
    if (!status.ok() && !status.retriable() && status.code() != kafka::ErrorCode::kTimedOut) {
        throw RestartFromCommit("cannot flush: " + status.message());
    }
    return status.ok();
}

void ProducerCollector::abort_transaction(std::chrono::milliseconds timeout) {
    if (transaction_ && !transaction_->abort(timeout)) {
        log_.warn(
            "an open transaction could not be aborted: the brokers do that after "
            "transaction.timeout.ms");
    }
}

void ProducerCollector::send_before_failing(detail::SinkTopic topic,
                                            const detail::OutgoingRecord& record) {
    if (!parts_.transactional) {
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
    if (!parts_.transactional) {
        return flush(timeout);
    }
    std::vector<Letter> letters = std::exchange(last_letters_, {});
    if (letters.empty()) {
        return true;
    }
    if (!transaction_->abort(timeout)) {
        reset();
    }
    if (!transaction_->initialise(timeout)) {
        return false;
    }
    transaction_->ensure_open();
    dead_letters_ = std::move(letters);
    throw_pending();
    return flush(timeout) && transaction_->commit({}, {}, timeout).ok();
}

void ProducerCollector::forget_partition_counts() {
    for (Topic& topic : topics_) {
        topic.partitions = 0;
    }
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
    if (parts_.transactional && !failure_ && !retry_ && !unusable_) {
        failure_ =
            "the production exception handler decided to continue, but a transaction cannot "
            "be committed without a record that was sent; it can only continue without "
            "records that are too large for max.request.size. " +
            failed_delivery.status.message();
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
        const bool last = parts_.transactional && response.decision != ErrorDecision::kResume;
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
        const kafka::Status status =
            send_patiently({.topic = topics_[where.index].handle,
                            .partition = letter.partition.value_or(kafka::kAnyPartition),
                            .key = letter.key ? NullableBytes(*letter.key) : std::nullopt,
                            .value = letter.value ? NullableBytes(*letter.value) : std::nullopt,
                            .timestamp = letter.timestamp,
                            .headers = &letter.headers,
                            .acknowledged = nullptr,
                            .origin = origin});
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
