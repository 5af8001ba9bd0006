// SPDX-License-Identifier: Apache-2.0
#include "runtime/global/global_thread.hpp"

#include "core/log.hpp"
#include "millrace/core/error.hpp"

#include <algorithm>
#include <utility>

namespace millrace::runtime {

namespace {

constexpr std::size_t kBatchRecords = 4096;

/// What readers of the stores may have to wait for: records, or bytes to be written.
constexpr std::size_t kRecordsAtOnce = 64;
constexpr std::size_t kUncommittedBytes = 1 << 20;

constexpr std::chrono::seconds kBetweenCommits{10};
constexpr std::chrono::seconds kBetweenComplaints{10};

}  // namespace

GlobalThread::GlobalThread(Parts parts)
    : parts_(std::move(parts)),
      task_(*parts_.application, std::move(parts_.stores), parts_.settings),
      views_(task_.stores(), parts_.application->spec->global_stores),
      consumer_(parts_.supplier->make_consumer(parts_.consumer_settings, nullptr)) {}

GlobalThread::~GlobalThread() {
    close();
}

/// Looks the topics up and begins to read them. False: the cluster did not answer, later again.
bool GlobalThread::prepare() {
    const auto counts = parts_.admin->describe_topics(task_.topics(), parts_.request_timeout);
    if (!answered(counts.status())) {
        return false;
    }
    std::vector<TopicPartition> partitions;
    std::vector<Input> inputs;
    for (std::size_t topic = 0; topic < task_.topics().size(); ++topic) {
        const std::string& name = task_.topics()[topic];
        const auto count = counts.value().find(name);
        if (count == counts.value().end()) {
            throw KafkaError("source topics do not exist: " + name +
                             "; create it and start again: it fills a global store");
        }
        for (Partition partition = 0; partition < count->second; ++partition) {
            partitions.push_back({name, partition});
            inputs.push_back({.partition = {name, partition}, .topic = topic});
        }
    }
    const auto begins =
        parts_.admin->list_offsets(partitions, kafka::OffsetSpec::kEarliest,
                                   kafka::Isolation::kReadUncommitted, parts_.request_timeout);
    if (!answered(begins.status())) {
        return false;
    }
    const auto ends =
        parts_.admin->list_offsets(partitions, kafka::OffsetSpec::kLatest,
                                   kafka::Isolation::kReadUncommitted, parts_.request_timeout);
    if (!answered(ends.status())) {
        return false;
    }
    std::vector<kafka::StartPosition> starts;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        inputs[i].next = begins.value().at(i);
        inputs[i].end = ends.value().at(i);
        starts.push_back({inputs[i].partition, inputs[i].next});
    }
    // Offsets of several partitions have no place in a store: what it holds is built anew.
    for (std::size_t store = 0; store < task_.topics().size(); ++store) {
        task_.stores().clear(store);
        task_.stores().finish_restore(store, std::nullopt);
    }
    const kafka::Status assigned = consumer_->assign(starts, *this);
    if (!assigned.ok()) {
        throw KafkaError("cannot read the topics of global stores: " + assigned.message());
    }
    inputs_ = std::move(inputs);
    task_.start(parts_.clock->now());
    last_commit_ = parts_.clock->monotonic();
    prepared_ = true;
    for (Input& input : inputs_) {
        if (listener_.on_restore_start) {
            listener_.on_restore_start(input.partition, store_of(input), input.next, input.end);
        }
        got_on(input, 0);
    }
    return true;
}

const std::string& GlobalThread::store_of(const Input& input) const {
    return parts_.application->spec->global_stores[input.topic].store.name;
}

/// Tells how the first reading of a partition gets on.
void GlobalThread::got_on(Input& input, std::size_t records) {
    if (input.complete) {
        return;
    }
    ++progress_;
    input.records += static_cast<std::int64_t>(records);
    if (records > 0 && listener_.on_batch_restored) {
        listener_.on_batch_restored(input.partition, store_of(input), input.next - 1,
                                    static_cast<std::int64_t>(records));
    }
    if (input.next < input.end) {
        return;
    }
    input.complete = true;
    if (listener_.on_restore_end) {
        listener_.on_restore_end(input.partition, store_of(input), input.records);
    }
    if (caught_up()) {
        views_.gate()->completed();
    }
}

bool GlobalThread::answered(const kafka::Status& status) {
    if (status.ok()) {
        return true;
    }
    if (!status.retriable() && status.code() != kafka::ErrorCode::kTimedOut) {
        throw KafkaError("cannot look up the topics of global stores: " + status.message());
    }
    complain("cannot look up the topics of global stores, retrying: " + status.message());
    return false;
}

bool GlobalThread::caught_up() {
    return prepared_ && std::all_of(inputs_.begin(), inputs_.end(),
                                    [](const Input& input) { return input.next >= input.end; });
}

void GlobalThread::run_once(std::chrono::milliseconds wait) {
    if (!prepared_ && !prepare()) {
        consumer_->poll(wait);
        return;
    }
    bool any = false;
    for (Input& input : inputs_) {
        any = read(input) || any;
    }
    if (dirty_ && parts_.clock->monotonic() - last_commit_ >= kBetweenCommits) {
        commit();
    }
    consumer_->poll(any ? std::chrono::milliseconds{0} : wait);
    if (!failure_.empty()) {
        throw KafkaError(failure_);
    }
}

bool GlobalThread::read(Input& input) {
    kafka::PartitionQueue* queue = consumer_->queue(input.partition);
    if (queue == nullptr) {
        return false;
    }
    messages_.clear();
    const std::size_t count = queue->read(messages_, kBatchRecords);
    if (count > 0) {
        update(input);
        input.next = messages_.back().offset() + 1;
        dirty_ = true;
    }
    messages_.clear();
    const Offset before = input.next;
    if (const auto position = queue->position()) {
        input.next = std::max(input.next, *position);
    }
    if (count > 0 || input.next > before) {
        got_on(input, count);
    }
    return count > 0;
}

/// Works on the messages at hand, a few at a time: those who read the stores get between.
void GlobalThread::update(Input& input) {
    const Timestamp now = parts_.clock->now();
    for (std::size_t done = 0; done < messages_.size();) {
        const std::size_t end = std::min(messages_.size(), done + kRecordsAtOnce);
        {
            const GlobalStoresGate::Writing writing(*views_.gate());
            for (; done < end; ++done) {
                task_.update(input.topic, input.partition.partition, messages_[done], now);
            }
            if (task_.stores().uncommitted_bytes() > kUncommittedBytes) {
                task_.commit(std::vector<std::optional<Offset>>(task_.topics().size()));
            }
        }
        views_.gate()->give_way();
    }
}

void GlobalThread::commit() {
    const GlobalStoresGate::Writing writing(*views_.gate());
    task_.stores().flush_caches();
    task_.commit(std::vector<std::optional<Offset>>(task_.topics().size()));
    dirty_ = false;
    last_commit_ = parts_.clock->monotonic();
}

void GlobalThread::close() {
    if (std::exchange(closed_, true)) {
        return;
    }
    try {
        GlobalStoresGate::Writing writing(*views_.gate());
        writing.close_stores();
        task_.close();
    } catch (const std::exception& error) {
        log::warn(std::string("global stores were not closed cleanly: ") + error.what());
    }
    messages_.clear();
}

void GlobalThread::on_partition_error(const TopicPartition& partition,
                                      const kafka::Status& status) {
    if (status.code() == kafka::ErrorCode::kOffsetOutOfRange) {
        failure_ =
            "records of a global store's topic were deleted before they were read: partition " +
            to_string(partition);
    } else {
        complain("cannot read partition " + to_string(partition) + ": " + status.message());
    }
}

void GlobalThread::on_error(const kafka::Status& status) {
    if (status.fatal()) {
        failure_ = "global consumer: " + status.message();
    } else {
        complain("global consumer: " + status.message());
    }
}

void GlobalThread::complain(const std::string& what) {
    const std::chrono::nanoseconds now = parts_.clock->monotonic();
    if (!last_complaint_ || now - *last_complaint_ >= kBetweenComplaints) {
        last_complaint_ = now;
        log::warn(what);
    }
}

}  // namespace millrace::runtime
