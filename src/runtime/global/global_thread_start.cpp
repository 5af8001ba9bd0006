// SPDX-License-Identifier: Apache-2.0

// The part of GlobalThread that chooses start positions.
#include "core/log.hpp"
#include "kafka/isolation_of.hpp"
#include "millrace/core/error.hpp"
#include "runtime/global/global_thread.hpp"

#include <algorithm>
#include <utility>

namespace millrace::runtime {

/// Looks up the topics and starts to read them. False: no response from the cluster, to be retried.
bool GlobalThread::prepare() {
    std::vector<Input> inputs;
    if (!look_up_partitions(inputs) || !look_up_offsets(inputs)) {
        return false;
    }
    auto from = inputs.begin();
    for (std::size_t store = 0; store < task_.topics().size(); ++store) {
        const auto to = std::find_if(from, inputs.end(),
                                     [store](const Input& input) { return input.topic != store; });
        choose_start(store, {from, to});
        from = to;
    }
    inputs_ = std::move(inputs);
    begin();
    return true;
}

bool GlobalThread::look_up_partitions(std::vector<Input>& inputs) {
    const auto counts = parts_.admin->describe_topics(task_.topics(), parts_.request_timeout);
    if (!answered(counts.status())) {
        return false;
    }
    for (std::size_t topic = 0; topic < task_.topics().size(); ++topic) {
        const std::string& name = task_.topics()[topic];
        const auto count = counts.value().find(name);
        if (count == counts.value().end()) {
            throw KafkaError("source topics do not exist: " + name +
                             "; create it and start again: it fills a global store");
        }
        for (Partition partition = 0; partition < count->second; ++partition) {
            inputs.push_back({.partition = {name, partition}, .topic = topic});
        }
    }
    return true;
}

bool GlobalThread::look_up_offsets(std::vector<Input>& inputs) {
    std::vector<TopicPartition> partitions;
    for (const Input& input : inputs) {
        partitions.push_back(input.partition);
    }
    // A read_committed consumer gets nothing beyond the last stable offset.
    const kafka::Isolation isolation = kafka::isolation_of(parts_.consumer_settings);
    const auto begins = parts_.admin->list_offsets(partitions, kafka::OffsetSpec::kEarliest,
                                                   isolation, parts_.request_timeout);
    if (!answered(begins.status())) {
        return false;
    }
    const auto ends = parts_.admin->list_offsets(partitions, kafka::OffsetSpec::kLatest, isolation,
                                                 parts_.request_timeout);
    if (!answered(ends.status())) {
        return false;
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        inputs[i].first = begins.value().at(i);
        inputs[i].end = ends.value().at(i);
    }
    return answered(removal_age_.look_up(partitions));
}

/// Resumes at the stored positions if they can be trusted; otherwise clears the store.
void GlobalThread::choose_start(std::size_t store, std::span<Input> inputs) {
    const state::TopicPositions& stored = task_.stores().positions(store);
    const auto why = stored.empty() ? std::nullopt : why_not(store, inputs);
    const std::size_t known = why ? 0 : stored.size();
    for (std::size_t partition = 0; partition < inputs.size(); ++partition) {
        Input& input = inputs[partition];
        input.next = partition < known ? stored[partition].next : input.first;
        input.epoch = partition < known ? stored[partition].leader_epoch : -1;
    }
    if (why) {
        const std::string& name = parts_.application->spec->global_stores[store].store.name;
        log::warn("reading topic " + task_.topics()[store] +
                  " from its beginning for the global store " + name + ": " + *why);
    }
    if (known == 0) {
        const GlobalStoresGate::Writing writing(*views_.gate());
        task_.stores().clear(store);
    }
    untrusted_.erase(store);
}

/// Why the stored rows cannot be used; empty: they can.
std::optional<std::string> GlobalThread::why_not(std::size_t store, std::span<const Input> inputs) {
    const state::TopicPositions& stored = task_.stores().positions(store);
    if (stored.size() > inputs.size()) {
        return "the topic had " + std::to_string(stored.size()) + " partitions and has " +
               std::to_string(inputs.size());
    }
    for (std::size_t partition = 0; partition < stored.size(); ++partition) {
        const Offset next = stored[partition].next;
        const Input& input = inputs[partition];
        if (next < input.first || next > input.end) {
            return "the stored position is not in the log: partition " + std::to_string(partition) +
                   " was read up to offset " + std::to_string(next) + ", and has records from " +
                   std::to_string(input.first) + " to " + std::to_string(input.end);
        }
    }
    return removal_age_.why_too_old(task_.topics()[store], task_.stores().current_at(store));
}

void GlobalThread::begin() {
    std::vector<kafka::StartPosition> starts;
    for (const Input& input : inputs_) {
        starts.push_back({input.partition, input.next, input.epoch});
    }
    const kafka::Status assigned = consumer_->assign(starts, *this);
    if (!assigned.ok()) {
        throw KafkaError("cannot read the topics of global stores: " + assigned.message());
    }
    if (!std::exchange(started_, true)) {
        task_.start(parts_.clock->now());
    }
    last_commit_ = parts_.clock->monotonic();
    prepared_ = true;
    dirty_ = true;  // An empty topic has positions to store, too.
    for (Input& input : inputs_) {
        if (listener_.on_restore_start) {
            listener_.on_restore_start(input.partition, store_of(input), input.next, input.end);
        }
        got_on(input, 0);
    }
}

bool GlobalThread::answered(const kafka::Status& status) {
    if (status.ok()) {
        return true;
    }
    if (!status.retriable() && status.code() != kafka::ErrorCode::kTimedOut) {
        throw KafkaError("cannot look up the topics of global stores: " + status.message());
    }
    log_.warn("cannot look up the topics of global stores, retrying: " + status.message());
    return false;
}

/// Before start() returns, the store is rebuilt at once. After that tasks would read an empty
/// store: the next start rebuilds it.
void GlobalThread::lost_records(const TopicPartition& partition, const std::string& why) {
    for (const Input& input : inputs_) {
        if (input.partition == partition) {
            untrusted_.insert(input.topic);
            const std::string what = " for the global store " + store_of(input) + ": partition " +
                                     to_string(partition) + ": " + why;
            if (views_.gate()->complete()) {
                failure_ = "records were deleted before they were read" + what +
                           "; the next start reads the topic from its beginning";
            } else {
                log::warn("reading a topic from its beginning" + what);
            }
        }
    }
}

/// Looks up all start positions again. Trusted stores resume at their own.
void GlobalThread::start_again() {
    commit();
    std::vector<TopicPartition> partitions;
    for (const Input& input : inputs_) {
        partitions.push_back(input.partition);
    }
    if (const kafka::Status status = consumer_->unassign(partitions); !status.ok()) {
        throw KafkaError("cannot stop reading the topics of global stores: " + status.message());
    }
    inputs_.clear();
    prepared_ = false;
}

}  // namespace millrace::runtime
