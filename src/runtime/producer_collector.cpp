// SPDX-License-Identifier: Apache-2.0
#include "runtime/producer_collector.hpp"

#include "core/check.hpp"
#include "core/log.hpp"
#include "kafka/murmur2.hpp"
#include "millrace/core/error.hpp"
#include "runtime/task_errors.hpp"

#include <exception>
#include <utility>

namespace millrace::runtime {

namespace {

std::string what_failed(std::string_view topic, const kafka::Status& status) {
    return "cannot send record: topic " + std::string(topic) + ": " + status.message();
}

}  // namespace

ProducerCollector::ProducerCollector(Parts parts)
    : parts_(std::move(parts)), complaints_(*parts_.clock) {
    make_producer();
}

ProducerCollector::~ProducerCollector() = default;

void ProducerCollector::make_producer() {
    producer_ = parts_.supplier->make_producer(parts_.producer_settings, *this);
    for (Topic& topic : topics_) {
        topic.handle = producer_->topic(topic.name);
        topic.partitions = 0;
    }
}

void ProducerCollector::reset() {
    producer_.reset();
    dead_letters_.clear();
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
    }
    return {entry->second};
}

Partition ProducerCollector::partition_count(detail::SinkTopic topic) {
    MILLRACE_CHECK(topic.index < topics_.size());
    Topic& known = topics_[topic.index];
    if (known.partitions == 0) [[unlikely]] {
        const auto count = producer_->partition_count(known.handle, parts_.metadata_timeout);
        if (!count.ok()) {
            if (count.status().retriable() &&
                count.status().code() != kafka::ErrorCode::kUnknownTopic) {
                throw TaskCorrupted("cannot learn how many partitions topic " + known.name +
                                    " has: " + count.status().message());
            }
            throw KafkaError(
                "cannot send to topic " + known.name +
                ": it does not exist or cannot be described: " + count.status().message());
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
        surface();
    }
    const Partition partition = choose_partition(topic, record);
    const kafka::Status status = producer_->send({.topic = topics_[topic.index].handle,
                                                  .partition = partition,
                                                  .key = record.key,
                                                  .value = record.value,
                                                  .timestamp = record.timestamp,
                                                  .headers = record.headers,
                                                  .acknowledged = record.acknowledged});
    if (!status.ok()) [[unlikely]] {
        failed({.topic = topics_[topic.index].name,
                .key = record.key,
                .value = record.value,
                .headers = record.headers,
                .retriable = status.retriable()},
               status);
        surface();
    }
}

void ProducerCollector::poll() {
    producer_->poll();
    if (pending_) [[unlikely]] {
        surface();
    }
}

bool ProducerCollector::flush(std::chrono::milliseconds timeout) {
    const kafka::Status status = producer_->flush(timeout);
    if (pending_) {
        const bool again = !dead_letters_.empty();
        surface();
        if (again) {
            return flush(timeout);
        }
    }
    if (!status.ok() && !status.retriable() && status.code() != kafka::ErrorCode::kTimedOut) {
        throw TaskMigrated("cannot flush: " + status.message());
    }
    return status.ok();
}

void ProducerCollector::forget_partition_counts() {
    for (Topic& topic : topics_) {
        topic.partitions = 0;
    }
}

void ProducerCollector::on_failed_delivery(const kafka::FailedDelivery& failed_delivery) {
    if (failed_delivery.status.code() == kafka::ErrorCode::kPurged) {
        return;  // Thrown away together with its transaction.
    }
    failed({.topic = failed_delivery.topic,
            .key = failed_delivery.key,
            .value = failed_delivery.value,
            .headers = &failed_delivery.headers,
            .retriable = failed_delivery.status.retriable()},
           failed_delivery.status);
}

void ProducerCollector::on_error(const kafka::Status& status) {
    if (status.fatal()) {
        unusable_ = "the producer cannot go on: " + status.message();
        pending_ = true;
    } else {
        complaints_.warn("producer: " + status.message());
    }
}

/// Asks the handler. Never throws, as the producer may be calling: what it decides is kept.
void ProducerCollector::failed(const FailedRecord& record, const kafka::Status& status) {
    const std::string what = what_failed(record.topic, status);
    if (status.fatal()) {
        unusable_ = what;
        pending_ = true;
        return;
    }
    try {
        const KafkaError error(what);
        const ErrorContext context{.dead_letter_topic = parts_.settings->dead_letter_topic};
        ErrorResponse response = parts_.settings->production_handler(context, record, error);
        for (DeadLetter& letter : response.dead_letters) {
            dead_letters_.push_back(std::move(letter));
            pending_ = true;
        }
        if (response.decision == ErrorDecision::kResume) {
            log::warn("record given up, as the production exception handler decided: " + what);
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
    } catch (const std::exception& error) {
        failure_ = what + "; the production exception handler failed: " + error.what();
        pending_ = true;
    }
}

void ProducerCollector::send_dead_letters() {
    for (const DeadLetter& letter : std::exchange(dead_letters_, {})) {
        const detail::SinkTopic where = topic(letter.topic);
        const kafka::Status status =
            producer_->send({.topic = topics_[where.index].handle,
                             .partition = letter.partition.value_or(kafka::kAnyPartition),
                             .key = letter.key ? NullableBytes(*letter.key) : std::nullopt,
                             .value = letter.value ? NullableBytes(*letter.value) : std::nullopt,
                             .timestamp = letter.timestamp,
                             .headers = &letter.headers,
                             .acknowledged = nullptr});
        if (!status.ok()) {
            failure_ = "cannot send dead letter: " + what_failed(letter.topic, status);
        }
    }
}

/// Lets out what was decided since the last call.
void ProducerCollector::surface() {
    pending_ = false;
    send_dead_letters();
    if (unusable_) {
        throw TaskMigrated(*std::exchange(unusable_, std::nullopt));
    }
    if (failure_) {
        throw ProcessingError(*std::exchange(failure_, std::nullopt));
    }
    if (retry_) {
        throw TaskCorrupted(*std::exchange(retry_, std::nullopt));
    }
}

}  // namespace millrace::runtime
