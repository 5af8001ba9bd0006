// SPDX-License-Identifier: Apache-2.0
#include "client/repartition_purger.hpp"

#include "core/log.hpp"

#include <chrono>

namespace millrace::client {

namespace {

/// Short, because restoring waits for it.
constexpr std::chrono::seconds kTimeout{2};

}  // namespace

RepartitionPurger::RepartitionPurger(const topology::ApplicationTopology& application,
                                     kafka::Admin& admin)
    : application_(application), admin_(admin) {
    for (const auto& part : application_.sub_topologies) {
        for (const auto& [name, topic] : part.repartition_source_topics) {
            topics_.insert(topic.name);
        }
    }
}

void RepartitionPurger::purge(const std::vector<ThreadMetadata>& threads) {
    std::set<TopicPartition> ours;
    for (const ThreadMetadata& thread : threads) {
        for (const TaskMetadata& task : thread.tasks) {
            for (const TopicPartition& input : task.inputs) {
                if (topics_.contains(input.topic)) {
                    ours.insert(input);
                }
            }
        }
    }
    if (ours.empty()) {
        return;
    }
    const std::vector<TopicPartition> partitions(ours.begin(), ours.end());
    const auto committed = admin_.group_offsets(application_.application_id, partitions, kTimeout);
    if (!committed.ok()) {
        return;
    }
    std::vector<kafka::StartPosition> before;
    for (const TopicPartition& partition : ours) {
        const auto found = committed.value().find(partition);
        // Smaller than before if the topic was deleted and created again.
        if (found != committed.value().end() && found->second.offset &&
            *found->second.offset != purged_[partition]) {
            before.push_back({partition, *found->second.offset});
        }
    }
    if (before.empty()) {
        return;
    }
    const auto deleted = admin_.delete_records(before, kTimeout);
    if (!deleted.ok()) {
        log::debug("cannot delete processed records of repartition topics: " +
                   deleted.status().message());
        return;
    }
    for (std::size_t i = 0; i < before.size(); ++i) {
        if (deleted.value().at(i).ok()) {
            purged_[before[i].partition] = before[i].offset;
        }
    }
}

}  // namespace millrace::client
