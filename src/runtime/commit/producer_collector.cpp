// SPDX-License-Identifier: Apache-2.0
#include "runtime/commit/producer_collector.hpp"

#include "core/check.hpp"
#include "kafka/murmur2.hpp"
#include "millrace/core/error.hpp"
#include "runtime/task/task_errors.hpp"

#include <exception>
#include <utility>

namespace millrace::runtime {

namespace {

/// How long records for other topics may delay the first record for a topic with smaller batches.
constexpr std::chrono::seconds kReplacementWait{2};

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
    if (const auto id = parts_.producer_settings.find("transactional.id");
        id != parts_.producer_settings.end()) {
        transaction_.emplace(*producer_, *parts_.clock, id->second);
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
    if (!transaction_ || transaction_->abort(timeout)) {
        return;
    }
    reset();
    bool ended = false;
    try {
        ended = transaction_->initialise(timeout);
    } catch (const std::exception& error) {
        log_.warn(error.what());
    }
    if (!ended) {
        log_.warn(
            "an open transaction could not be aborted: the brokers do that after "
            "transaction.timeout.ms");
    }
}

void ProducerCollector::forget_partition_counts() {
    for (Topic& topic : topics_) {
        topic.partitions = 0;
    }
}

}  // namespace millrace::runtime
