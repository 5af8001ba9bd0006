// SPDX-License-Identifier: Apache-2.0
#include "runtime/commit/producer_collector.hpp"

#include "core/check.hpp"
#include "core/fail_point.hpp"
#include "kafka/murmur2.hpp"
#include "millrace/core/error.hpp"
#include "runtime/task/task_errors.hpp"

#include <exception>
#include <utility>

namespace millrace::runtime {

namespace {

/// How long records for other topics may delay the first record for a topic with smaller batches.
constexpr std::chrono::seconds kReplacementWait{2};

/// The suffix of the second producer's transactional id.
constexpr const char* kSecondId = "-2";

}  // namespace

ProducerCollector::ProducerCollector(Parts parts)
    : parts_(std::move(parts)),
      batch_size_(parts_.producer_settings, parts_.limits),
      log_(*parts_.clock),
      origins_(1) {
    make_outputs();
}

ProducerCollector::~ProducerCollector() = default;

ProducerCollector::Output ProducerCollector::make_output(const std::string& id_suffix) {
    kafka::ClientSettings settings = batch_size_.apply(parts_.producer_settings);
    Output made;
    made.id_suffix = id_suffix;
    const auto id = settings.find("transactional.id");
    if (id == settings.end()) {
        made.producer = parts_.supplier->make_producer(settings, *this);
    } else {
        id->second += id_suffix;
        made.producer = parts_.supplier->make_producer(settings, *this);
        made.transaction =
            std::make_unique<OutputTransaction>(*made.producer, *parts_.clock, id->second);
    }
    return made;
}

std::vector<std::string> ProducerCollector::transactional_ids() const {
    const auto id = parts_.producer_settings.find("transactional.id");
    if (id == parts_.producer_settings.end()) {
        return {};
    }
    return parts_.take_turns ? std::vector{id->second, id->second + kSecondId}
                             : std::vector{id->second};
}

void ProducerCollector::make_outputs() {
    output_ = {};
    idle_ = {};
    output_ = make_output("");
    if (transactional() && parts_.take_turns) {
        idle_ = make_output(kSecondId);
    }
    for (Topic& topic : topics_) {
        topic.handle = handle_of(topic.name);
        topic.partitions = 0;
    }
}

/// The same for both producers: they get the topics in the same order.
kafka::TopicHandle ProducerCollector::handle_of(const std::string& topic) {
    const kafka::TopicHandle handle = output_.producer->topic(topic);
    if (idle_.producer != nullptr) {
        MILLRACE_CHECK(idle_.producer->topic(topic).index == handle.index);
    }
    return handle;
}

kafka::Status ProducerCollector::commit_transaction(std::span<const kafka::OffsetCommit> offsets,
                                                    const kafka::GroupMetadata& group,
                                                    std::chrono::milliseconds timeout) {
    kafka::Status status = output_.transaction->commit(offsets, group, timeout);
    if (status.ok() && output_.producer->has_unanswered_requests()) [[unlikely]] {
        fence_unanswered_requests(timeout);
    }
    if (status.ok() && idle_.producer != nullptr) {
        std::swap(output_, idle_);
    }
    return status;
}

/// The transaction is committed. If initialise() fails here, the next transaction tries again.
void ProducerCollector::fence_unanswered_requests(std::chrono::milliseconds timeout) {
    log_.warn(
        "a request of a committed transaction was repeated, and one copy never answered: a new "
        "producer fences it");
    const std::string id_suffix = output_.id_suffix;
    output_ = {};
    output_ = make_output(id_suffix);
    for (const Topic& topic : topics_) {
        MILLRACE_CHECK(output_.producer->topic(topic.name).index == topic.handle.index);
    }
    try {
        output_.transaction->initialise(timeout);
    } catch (const RestartFromCommit& error) {
        log_.warn(error.what());
    }
}

void ProducerCollector::reset() {
    MILLRACE_FAIL_POINT("produce.dropping");
    dead_letters_.clear();
    last_letters_.clear();
    failure_.reset();
    retry_.reset();
    unusable_.reset();
    pending_ = false;
    make_outputs();
}

detail::SinkTopic ProducerCollector::topic(const std::string& name) {
    const auto [entry, added] =
        index_.try_emplace(name, static_cast<std::uint32_t>(topics_.size()));
    if (added) {
        topics_.push_back({name, handle_of(name), 0});
        fit_batches({&name, 1});
    }
    return {entry->second};
}

void ProducerCollector::prepare_for(std::span<const std::string> topics) {
    fit_batches(topics);
}

/// Replaces the producer by one with smaller batches if one of these topics requires that. If sent
/// records are not delivered in time, the current producer is kept: a batch that is too large is
/// then detected when the topic refuses it.
void ProducerCollector::fit_batches(std::span<const std::string> topics) {
    if (transactional() && output_.transaction->open()) {
        return;  // A new producer would discard what was sent.
    }
    if (batch_size_.too_large_for(topics) && output_.producer->flush(kReplacementWait).ok()) {
        make_outputs();
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
        const auto count = output_.producer->partition_count(known.handle, parts_.metadata_timeout);
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
    if (transactional()) {
        output_.transaction->ensure_open();
    }
    MILLRACE_FAIL_POINT("produce.record");
    const Partition partition = choose_partition(topic, record);
    const kafka::ProducerRecord sent{.topic = topics_[topic.index].handle,
                                     .partition = partition,
                                     .key = record.key,
                                     .value = record.value,
                                     .timestamp = record.timestamp,
                                     .headers = record.headers,
                                     .acknowledged = record.acknowledged,
                                     .origin = record.origin};
    const kafka::Status status = output_.producer->send(sent);
    MILLRACE_FAIL_POINT("produce.sent");
    if (!status.ok()) [[unlikely]] {
        not_sent(topic, record, sent, status);
    }
}

void ProducerCollector::not_sent(detail::SinkTopic topic, const detail::OutgoingRecord& record,
                                 const kafka::ProducerRecord& sent, kafka::Status status) {
    if (status.code() == kafka::ErrorCode::kQueueFull) {
        status = send_when_there_is_room(sent, std::move(status));
    }
    if (!status.ok()) {
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
kafka::Status ProducerCollector::send_when_there_is_room(const kafka::ProducerRecord& record,
                                                         kafka::Status status) {
    while (status.code() == kafka::ErrorCode::kQueueFull && parts_.while_full) {
        const auto before = parts_.clock->monotonic();
        parts_.while_full();
        status = output_.producer->send(record);
        if (parts_.clock->monotonic() == before) {
            break;
        }
    }
    return status;
}

void ProducerCollector::poll() {
    batch_size_.doubt_limits();
    output_.producer->poll();
    if (idle_.producer != nullptr) {
        idle_.producer->poll();
    }
    if (pending_) [[unlikely]] {
        throw_pending();
    }
}

bool ProducerCollector::flush(std::chrono::milliseconds timeout) {
    batch_size_.doubt_limits();
    const kafka::Status status =
        MILLRACE_FAIL_POINT_ANSWER("produce.flushed", output_.producer->flush(timeout));
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
    if (!transactional() || output_.transaction->abort(timeout)) {
        return;
    }
    reset();
    bool ended = false;
    try {
        ended = initialise(timeout);
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
