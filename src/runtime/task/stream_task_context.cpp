// SPDX-License-Identifier: Apache-2.0

// The part of StreamTask that nodes and stores call.
#include "millrace/core/error.hpp"
#include "millrace/detail/nodes/node.hpp"
#include "runtime/task/stream_task.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <utility>

namespace millrace::runtime {

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
    // Without an anchor, stream time is anchored at zero and fires as soon as it is known, and the
    // wall clock is anchored at the current time.
    std::optional<Timestamp> first = timestamp_of(0);
    if (schedule.start) {
        first = *schedule.start < now ? next_on_grid(*schedule.start, schedule.interval, now)
                                      : *schedule.start;
    } else if (!stream_time) {
        first = next_on_grid(now, schedule.interval, now);
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
