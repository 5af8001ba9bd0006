// SPDX-License-Identifier: Apache-2.0
#include "testing/embedded/clients/embedded_producer.hpp"

#include "kafka/murmur2.hpp"
#include "kafka/negative_timestamp.hpp"
#include "testing/embedded/clients/client_settings.hpp"
#include "testing/embedded/log/statuses.hpp"
#include "testing/embedded/log/wire_size.hpp"

#include <algorithm>
#include <limits>

namespace millrace::testing::embedded {
namespace {

/// A batch of this size is sent without waiting for more records.
constexpr std::size_t kBatchBytes = 256 << 10;
constexpr std::size_t kBatchRecords = 10'000;

constexpr std::int64_t kMaxInt = std::numeric_limits<std::int32_t>::max();

/// How long send waits while its queue is full.
constexpr std::chrono::milliseconds kRoomCheck{100};

}  // namespace

EmbeddedProducer::EmbeddedProducer(std::shared_ptr<Cluster> cluster,
                                   const kafka::ClientSettings& settings,
                                   kafka::ProducerListener& listener)
    : cluster_(std::move(cluster)),
      listener_(listener),
      client_id_(client_id_setting(settings)),
      transactional_id_(text_setting(settings, "transactional.id")),
      transaction_timeout_(number_setting(settings, "transaction.timeout.ms", 60'000, 1, kMaxInt)),
      message_timeout_(number_setting(settings, "message.timeout.ms", 300'000, 0, kMaxInt)),
      message_bytes_max_(static_cast<std::size_t>(
          number_setting(settings, "message.max.bytes", 1'000'000, 1'000, 1'000'000'000))),
      batch_bytes_max_(std::min(
          message_bytes_max_,
          static_cast<std::size_t>(number_setting(settings, "batch.size", 1'000'000, 1, kMaxInt)))),
      buffered_max_(static_cast<std::size_t>(
          number_setting(settings, "queue.buffering.max.messages", 100'000, 0, kMaxInt))),
      idempotent_(text_setting(settings, "enable.idempotence", "true") == "true" ||
                  !transactional_id_.empty()),
      state_(transactional_id_.empty() ? State::kPlain : State::kUninitialised) {
    if (state_ == State::kPlain && idempotent_) {
        const auto lock = cluster_->lock();
        identity_ = cluster_->transactions().new_identity(client_id_);
    }
}

kafka::TopicHandle EmbeddedProducer::topic(const std::string& name) {
    const auto next = static_cast<std::uint32_t>(topics_.size());
    const auto [known, is_new] = topic_indexes_.try_emplace(name, next);
    if (is_new) {
        topics_.emplace_back().name = name;
    }
    return {known->second};
}

/// Finds the topic, which may have been created, deleted or grown. Requires the cluster's mutex.
void EmbeddedProducer::resolve(TopicState& topic) {
    if (topic.topic == nullptr || topic.topic->deleted) {
        topic.topic = cluster_->topic_for_producing(topic.name);
    }
    if (topic.topic != nullptr && topic.partitions.size() < topic.topic->partitions.size()) {
        topic.partitions.resize(topic.topic->partitions.size());
    }
}

kafka::Result<Partition> EmbeddedProducer::partition_count(kafka::TopicHandle topic,
                                                           std::chrono::milliseconds timeout) {
    TopicState& state = topics_.at(topic.index);
    auto lock = cluster_->lock();
    if (state.topic == nullptr || state.topic->deleted) {
        if (auto status = cluster_->await_reachable(lock, client_id_, timeout); !status.ok()) {
            return status;
        }
    }
    resolve(state);
    if (state.topic == nullptr) {
        return failure(kafka::ErrorCode::kUnknownTopic, "no such topic: " + state.name);
    }
    return state.topic->partition_count();
}

kafka::Status EmbeddedProducer::may_send() const {
    switch (state_) {
        case State::kPlain:
        case State::kInTransaction:
            return {};
        case State::kFatal:
            return fatal_;
        default:
            return refuse("cannot send");
    }
}

kafka::Result<Partition> EmbeddedProducer::choose_partition(TopicState& topic,
                                                            const kafka::ProducerRecord& record) {
    if (topic.partitions.empty()) {
        const auto lock = cluster_->lock();
        resolve(topic);
    }
    const auto count = static_cast<Partition>(topic.partitions.size());
    if (count == 0) {
        return failure(kafka::ErrorCode::kUnknownTopic, "no such topic: " + topic.name);
    }
    if (record.partition == kafka::kAnyPartition) {
        return record.key ? kafka::partition_for_key(*record.key, count)
                          : topic.next_keyless % count;
    }
    if (record.partition >= count) {
        const auto lock = cluster_->lock();
        resolve(topic);
    }
    if (record.partition < 0 ||
        record.partition >= static_cast<Partition>(topic.partitions.size())) {
        return failure(
            kafka::ErrorCode::kUnknownTopic,
            "no such partition: " + to_string(TopicPartition{topic.name, record.partition}));
    }
    return record.partition;
}

kafka::Status EmbeddedProducer::send(const kafka::ProducerRecord& record) {
    if (auto status = may_send(); !status.ok()) [[unlikely]] {
        return status;
    }
    TopicState& topic = topics_.at(record.topic.index);
    if (kafka::has_negative_timestamp(record)) [[unlikely]] {
        return kafka::negative_timestamp(topic.name, record);
    }
    const std::size_t size = wire_size_at_most(record);
    if (size > message_bytes_max_) {
        return kafka::larger_than_producer_accepts(topic.name, message_bytes_max_);
    }
    const auto partition = choose_partition(topic, record);
    if (!partition.ok()) {
        return partition.status();
    }
    if (buffered_ > buffered_max_) {
        if (auto status = make_room(); !status.ok()) {
            return status;
        }
    }
    PartitionState& state = topic.partitions[static_cast<std::size_t>(partition.value())];
    if (!fits(state.records, size)) {
        const auto lock = cluster_->lock();
        seal(topic, partition.value());
        append_pending(record.topic.index, partition.value());
    }
    auto& clock = cluster_->clock();
    const bool first = state.records.building_count() == 0;
    const std::int64_t timestamp =
        record.timestamp ? milliseconds_of(*record.timestamp) : clock.now();
    state.records.add(record, timestamp, first ? clock.ticks() : 0);
    ++buffered_;
    mark_dirty(record.topic.index, partition.value());
    if (state.records.building_bytes() >= kBatchBytes ||
        state.records.building_count() >= kBatchRecords) {
        const auto lock = cluster_->lock();
        seal(topic, partition.value());
        append_pending(record.topic.index, partition.value());
    }
    return {};
}

/// Whether a record of that size may be added to the current batch. As in librdkafka, the first
/// record always may: a record larger than the batch limit is sent alone.
bool EmbeddedProducer::fits(const RecordAccumulator& records, std::size_t size) const noexcept {
    const std::size_t count = records.building_count();
    return count == 0 ||
           kRequestBytes + wire_size_at_most(count, records.building_bytes()) + size <=
               batch_bytes_max_;
}

void EmbeddedProducer::mark_dirty(std::uint32_t topic, Partition partition) {
    PartitionState& state = topics_[topic].partitions[static_cast<std::size_t>(partition)];
    if (!std::exchange(state.dirty, true)) {
        dirty_.emplace_back(topic, partition);
    }
}

/// Records without a key change their partition with every batch, so that they are distributed
/// without making batches small.
void EmbeddedProducer::seal(TopicState& topic, Partition partition) {
    topic.partitions[static_cast<std::size_t>(partition)].records.seal();
    if (partition == topic.next_keyless) {
        topic.next_keyless = (partition + 1) % static_cast<Partition>(topic.partitions.size());
    }
}

kafka::Status EmbeddedProducer::make_room() {
    poll();
    if (buffered_ > buffered_max_) {
        auto lock = cluster_->lock();
        static_cast<void>(cluster_->await_reachable(lock, client_id_, kRoomCheck));
        lock.unlock();
        poll();
    }
    return buffered_ > buffered_max_
               ? failure(kafka::ErrorCode::kQueueFull, "queue.buffering.max.messages reached")
               : may_send();
}

void EmbeddedProducer::purge() {
    drop_pending("purged by the application");
    serve();
}

/// Requires the cluster's mutex.
void EmbeddedProducer::append_all() {
    std::vector<std::pair<std::uint32_t, Partition>> left;
    const auto dirty = std::exchange(dirty_, {});
    for (const auto& [topic, partition] : dirty) {
        seal(topics_[topic], partition);
        if (append_pending(topic, partition) == Outcome::kRetryLater) {
            left.emplace_back(topic, partition);
        } else {
            topics_[topic].partitions[static_cast<std::size_t>(partition)].dirty = false;
        }
    }
    dirty_ = std::move(left);
}

/// Appends the complete batches of a partition, in order. Requires the cluster's mutex.
EmbeddedProducer::Outcome EmbeddedProducer::append_pending(std::uint32_t topic,
                                                           Partition partition) {
    resolve(topics_[topic]);  // Not while `pending` refers to one of its partitions.
    auto& pending =
        topics_[topic].partitions[static_cast<std::size_t>(partition)].records.pending();
    while (!pending.empty()) {
        if (append(topic, partition, pending.front()) == Outcome::kRetryLater) {
            const bool expired =
                message_timeout_ > 0 &&
                cluster_->clock().ticks() - pending.front().since > message_timeout_;
            if (!expired) {
                return Outcome::kRetryLater;
            }
            fail(topic, partition, pending.front(),
                 failure(kafka::ErrorCode::kTimedOut, "message.timeout.ms exceeded"));
        }
        pending.pop_front();
    }
    return Outcome::kDone;
}

EmbeddedProducer::Outcome EmbeddedProducer::append(std::uint32_t topic, Partition partition,
                                                   PendingBatch& pending) {
    if (state_ == State::kFatal) {
        fail(topic, partition, pending, fatal_);
        return Outcome::kDone;
    }
    if (!cluster_->reachable(client_id_)) {
        return Outcome::kRetryLater;
    }
    const auto fault = cluster_->faults().take(BrokerOperation::kProduce);
    if (fault && fault->before()) {
        if (is_retriable(fault->code)) {
            return Outcome::kRetryLater;
        }
        if (fault->code == kafka::ErrorCode::kFenced) {
            static_cast<void>(become_fatal(fault->status()));
        }
        fail(topic, partition, pending, fault->status());
        return Outcome::kDone;
    }
    const auto base = append_to_log(topics_[topic], partition, pending);
    if (!base.ok()) {
        fail(topic, partition, pending, base.status());
        return Outcome::kDone;
    }
    if (fault) {
        // The response is lost: the client retries, which only an idempotent producer may do.
        return Outcome::kRetryLater;
    }
    for (const auto& acknowledgement : pending.acknowledgements) {
        acknowledged_.emplace_back(acknowledgement.target, base.value() + acknowledgement.delta);
    }
    account(pending);
    return Outcome::kDone;
}

kafka::Result<Offset> EmbeddedProducer::append_to_log(TopicState& topic, Partition partition,
                                                      const PendingBatch& pending) {
    const auto index = static_cast<std::size_t>(partition);
    if (topic.topic == nullptr || index >= topic.topic->partitions.size()) {
        return failure(kafka::ErrorCode::kUnknownTopic,
                       "no such partition: " + to_string(TopicPartition{topic.name, partition}));
    }
    const auto& log = topic.topic->partitions[index];
    const bool transactional = state_ != State::kPlain;
    if (transactional) {
        auto status = cluster_->transactions().add_partition(transactional_id_, identity_, log,
                                                             cluster_->clock().ticks());
        if (!status.ok()) {
            return become_fatal(std::move(status));
        }
    }
    Defects& defects = cluster_->defects();
    if (defects.strikes(Defect::kLostBatches, 20) ||
        (topic.name.ends_with("-changelog") && defects.strikes(Defect::kLostChangelog, 5))) {
        return log->end();
    }
    if (defects.strikes(Defect::kDuplicates, 20)) {
        static_cast<void>(log->append(pending.batch, {}, cluster_->clock().now()));
    }
    return log->append(pending.batch,
                       {identity_.producer_id, identity_.epoch, pending.sequence, transactional},
                       cluster_->clock().now());
}

void EmbeddedProducer::account(const PendingBatch& pending) {
    buffered_ -= pending.batch->count();
}

void EmbeddedProducer::fail(std::uint32_t topic, Partition partition, const PendingBatch& pending,
                            kafka::Status status) {
    if (state_ == State::kInTransaction) {
        state_ = State::kMustAbort;
    }
    failures_.push_back({topic, partition, pending.batch, pending.origins, std::move(status)});
    account(pending);
}

kafka::Status EmbeddedProducer::become_fatal(kafka::Status status) {
    state_ = State::kFatal;
    fatal_ = fatal_failure(status.code(), status.message());
    return fatal_;
}

void EmbeddedProducer::poll() {
    if (!dirty_.empty()) {
        const auto lock = cluster_->lock();
        append_all();
    }
    serve();
}

/// Reports the outcome of earlier records.
void EmbeddedProducer::serve() {
    for (const auto& [target, offset] : std::exchange(acknowledged_, {})) {
        *target = std::max(*target, offset);
    }
    for (const auto& failure : std::exchange(failures_, {})) {
        tell(failure);
    }
    if (state_ == State::kFatal && !std::exchange(told_fatal_, true)) {
        listener_.on_error(fatal_);
    }
}

void EmbeddedProducer::tell(const Failure& failure) {
    auto run = failure.origins.begin();
    for (std::uint32_t index = 0; index < failure.batch->count(); ++index) {
        while (run + 1 != failure.origins.end() && (run + 1)->first <= index) {
            ++run;
        }
        const RecordView record = failure.batch->record(index);
        Headers headers;
        headers.reset(*failure.batch, &failure.batch->entry(index));
        listener_.on_failed_delivery({topics_[failure.topic].name, failure.partition, record.key,
                                      record.value, timestamp_of(record.timestamp), headers,
                                      failure.status, run->origin});
    }
}

kafka::Status EmbeddedProducer::flush(std::chrono::milliseconds timeout) {
    while (true) {
        poll();
        if (buffered_ == 0) {
            return {};
        }
        auto lock = cluster_->lock();
        if (auto status = cluster_->await_reachable(lock, client_id_, timeout); !status.ok()) {
            return status;
        }
    }
}

}  // namespace millrace::testing::embedded
