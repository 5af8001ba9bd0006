// SPDX-License-Identifier: Apache-2.0
#include "runtime/global/global_start.hpp"

#include "core/fail_point.hpp"
#include "core/log.hpp"
#include "millrace/core/error.hpp"

#include <algorithm>
#include <utility>

namespace millrace::runtime {

std::optional<GlobalInputs> GlobalStart::look_up() {
    GlobalInputs inputs;
    if (!look_up_partitions(inputs) || !look_up_offsets(inputs)) {
        return std::nullopt;
    }
    auto from = inputs.begin();
    for (std::size_t store = 0; store < parts_.task.topics().size(); ++store) {
        const auto to = std::find_if(
            from, inputs.end(), [store](const GlobalInput& input) { return input.topic != store; });
        choose_start(store, {from, to});
        from = to;
    }
    return inputs;
}

bool GlobalStart::look_up_partitions(GlobalInputs& inputs) {
    const std::vector<std::string>& topics = parts_.task.topics();
    const auto counts = parts_.admin.describe_topics(topics, parts_.request_timeout);
    if (!answered(counts.status())) {
        return false;
    }
    for (std::size_t topic = 0; topic < topics.size(); ++topic) {
        const std::string& name = topics[topic];
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

bool GlobalStart::look_up_offsets(GlobalInputs& inputs) {
    const std::vector<TopicPartition> partitions = partitions_of(inputs);
    // A read_committed consumer gets nothing beyond the last stable offset.
    const auto begins = parts_.admin.list_offsets(partitions, kafka::OffsetSpec::kEarliest,
                                                  parts_.isolation, parts_.request_timeout);
    if (!answered(begins.status())) {
        return false;
    }
    const auto ends = MILLRACE_FAIL_POINT_ANSWER(
        "global.ends_read", parts_.admin.list_offsets(partitions, kafka::OffsetSpec::kLatest,
                                                      parts_.isolation, parts_.request_timeout));
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
void GlobalStart::choose_start(std::size_t store, std::span<GlobalInput> inputs) {
    const state::TopicPositions& stored = parts_.task.stores().positions(store);
    const auto why = stored.empty() ? std::nullopt : why_not(store, inputs);
    const std::size_t known = why ? 0 : stored.size();
    for (std::size_t partition = 0; partition < inputs.size(); ++partition) {
        GlobalInput& input = inputs[partition];
        input.next = partition < known ? stored[partition].next : input.first;
        input.epoch = partition < known ? stored[partition].leader_epoch : -1;
    }
    if (why) {
        log::warn("reading topic " + parts_.task.topics()[store] +
                  " from its beginning for the global store " + parts_.specs[store].store.name +
                  ": " + *why);
    }
    if (known == 0) {
        const GlobalStoresGate::Writing writing(parts_.gate);
        parts_.task.stores().clear(store, parts_.clock.now());
        MILLRACE_FAIL_POINT("global.cleared");
    }
}

/// Why the stored rows cannot be used; empty: they can.
std::optional<std::string> GlobalStart::why_not(std::size_t store,
                                                std::span<const GlobalInput> inputs) {
    const state::TopicPositions& stored = parts_.task.stores().positions(store);
    if (stored.size() > inputs.size()) {
        return "the topic had " + std::to_string(stored.size()) + " partitions and has " +
               std::to_string(inputs.size());
    }
    for (std::size_t partition = 0; partition < stored.size(); ++partition) {
        const Offset next = stored[partition].next;
        const GlobalInput& input = inputs[partition];
        if (next < input.first || next > input.end) {
            return "the stored position is not in the log: partition " + std::to_string(partition) +
                   " was read up to offset " + std::to_string(next) + ", and has records from " +
                   std::to_string(input.first) + " to " + std::to_string(input.end);
        }
    }
    return removal_age_.why_too_old(parts_.task.topics()[store],
                                    parts_.task.stores().current_at(store));
}

bool GlobalStart::answered(const kafka::Status& status) {
    if (status.ok()) {
        return true;
    }
    if (!status.retriable() && status.code() != kafka::ErrorCode::kTimedOut) {
        throw KafkaError("cannot look up the topics of global stores: " + status.message());
    }
    parts_.log.warn("cannot look up the topics of global stores, retrying: " + status.message());
    return false;
}

}  // namespace millrace::runtime
