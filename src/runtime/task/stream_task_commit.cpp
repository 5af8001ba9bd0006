// SPDX-License-Identifier: Apache-2.0

// The part of StreamTask that commits, and what nodes and stores ask of it.
#include "core/check.hpp"
#include "millrace/core/error.hpp"
#include "millrace/detail/nodes/node.hpp"
#include "runtime/task/stream_task.hpp"
#include "topology/task_topology.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace millrace::runtime {

std::optional<Offset> StreamTask::position(std::size_t input) const {
    const RecordQueue& queue = group_.queue(input);
    if (!queue.advanced() && !committed_[input]) {
        return std::nullopt;  // Nothing was taken from it, so there is nothing to remember.
    }
    if (queue.empty() && group_.source(input) != nullptr) {
        // Beyond what was processed: over transaction markers and compacted records.
        if (const std::optional<Offset> next = group_.source(input)->position()) {
            return next;
        }
    }
    return queue.next_offset();
}

bool StreamTask::commit_needed() const {
    if (changed_) {
        return true;
    }
    for (std::size_t input = 0; input < inputs_.size(); ++input) {
        const std::optional<Offset> next = position(input);
        if (next && next != committed_[input]) {
            return true;
        }
    }
    return false;
}

void StreamTask::prepare_commit(std::vector<kafka::OffsetCommit>& offsets) {
    MILLRACE_CHECK(state_ == TaskState::kRunning);
    stores_->flush_caches();
    record_ = {};
    for (std::size_t input = 0; input < inputs_.size(); ++input) {
        const std::optional<Offset> next = position(input);
        committing_[input] = next;
        if (next && (changed_ || next != committed_[input])) {
            const RecordQueue& queue = group_.queue(input);
            // What lies between the last record and here may be of a later epoch.
            const bool passed_others = next != queue.next_offset();
            const std::int32_t epoch =
                passed_others ? group_.source(input)->leader_epoch() : queue.next_leader_epoch();
            offsets.push_back({.partition = inputs_[input],
                               .offset = *next,
                               .leader_epoch = epoch,
                               .metadata = encode(queue.partition_time(), processor_times_)});
        }
    }
}

void StreamTask::post_commit() {
    std::vector<std::optional<Offset>> reflected(backups_.size());
    for (std::size_t store = 0; store < backups_.size(); ++store) {
        const Backup& backup = backups_[store];
        if (backup.input && committing_[*backup.input]) {
            reflected[store] = *committing_[*backup.input] - 1;
        } else if (backup.acknowledged >= 0) {
            reflected[store] = backup.acknowledged;
        }
    }
    stores_->commit(reflected, stores_behind());
    for (std::size_t input = 0; input < inputs_.size(); ++input) {
        if (committing_[input]) {
            committed_[input] = std::exchange(committing_[input], std::nullopt);
        }
    }
    changed_ = false;
    commit_requested_ = false;
}

void StreamTask::keep_state_current() {
    stores_->keep_current(stores_behind());
}

/// Stores whose changelog is a source topic, of which others have written more than was processed.
std::vector<std::size_t> StreamTask::stores_behind() const {
    std::vector<std::size_t> behind;
    for (std::size_t store = 0; store < backups_.size(); ++store) {
        const std::optional<std::size_t>& input = backups_[store].input;
        if (!input) {
            continue;
        }
        const kafka::PartitionQueue* source = group_.source(*input);
        if (source == nullptr || !group_.queue(*input).empty() || source->lag() != 0) {
            behind.push_back(store);
        }
    }
    return behind;
}

StateStore& StreamTask::store(const detail::Node& node, const std::string& name) {
    const detail::TopologySpec& spec = *application_->spec;
    const auto connected = [&](std::size_t index) {
        const detail::NodeSpec& candidate = spec.nodes[index];
        return candidate.name == node.name() &&
               std::find(candidate.stores.begin(), candidate.stores.end(), name) !=
                   candidate.stores.end();
    };
    if (std::any_of(part_->nodes.begin(), part_->nodes.end(), connected)) {
        if (StateStore* found = stores_->store(name)) {
            return *found;
        }
    }
    if (global_store_) {
        if (StateStore* found = global_store_(name)) {
            return *found;
        }
    }
    throw TopologyError("processor " + node.name() + " has no access to the store " + name +
                        ": connect it to the processor");
}

Cancellable StreamTask::schedule(const detail::Node& node, const PunctuationSchedule& schedule,
                                 Punctuator punctuator) {
    if (schedule.interval < std::chrono::milliseconds(1)) {
        throw std::invalid_argument("the interval of a punctuation must be at least 1 ms: node " +
                                    node.name());
    }
    const bool stream_time = schedule.type == PunctuationType::kStreamTime;
    const Timestamp now = stream_time ? stream_time_ : wall_clock_;
    // Without an anchor: stream time is anchored at zero and first fires as soon as it is known,
    // the wall clock is anchored now.
    Timestamp first = stream_time ? timestamp_of(0) : now + schedule.interval;
    if (schedule.start) {
        first = *schedule.start;
        if (first < now) {
            first += ((now - first) / schedule.interval + 1) * schedule.interval;
        }
    }
    PunctuationQueue& queue = stream_time ? stream_time_punctuations_ : wall_clock_punctuations_;
    return queue.schedule(node, schedule.interval, first, std::move(punctuator));
}

Timestamp StreamTask::processor_time(const std::string& store) const {
    const auto found = processor_times_.find(store);
    return found == processor_times_.end() ? kNoTimestamp : found->second;
}

void StreamTask::set_processor_time(const std::string& store, Timestamp time) {
    processor_times_.insert_or_assign(store, time);
}

void StreamTask::log_change(std::size_t store, BytesView key, const NullableBytes& value,
                            std::optional<Timestamp> timestamp, const Headers* headers) {
    Backup& backup = backups_[store];
    if (backup.logged) {
        collector_->send(backup.topic, {.key = key,
                                        .value = value,
                                        .timestamp = timestamp,
                                        .headers = headers,
                                        .partition = id_.partition,
                                        .acknowledged = &backup.acknowledged});
    }
}

}  // namespace millrace::runtime
