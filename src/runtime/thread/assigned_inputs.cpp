// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/assigned_inputs.hpp"

#include "assignment/partition_assignor.hpp"
#include "topology/source_patterns.hpp"

#include <algorithm>

namespace millrace::runtime {

void AssignedInputs::check(std::span<const TopicPartition> partitions) const {
    const topology::SourcePatterns patterns = topology::patterns_of(application_);
    if (patterns.size() < 2) {
        return;
    }
    for (const TopicPartition& partition : partitions) {
        patterns.find(partition.topic);
    }
}

std::optional<TaskId> AssignedInputs::add(const TopicPartition& partition) {
    const std::int32_t part = assignment::sub_topology_of(application_, partition.topic);
    if (part < 0) {
        return std::nullopt;
    }
    const TaskId task{part, partition.partition};
    by_task_[task].insert(partition);
    return task;
}

void AssignedInputs::remove(std::span<const TopicPartition> partitions) {
    for (auto& [task, inputs] : by_task_) {
        for (const TopicPartition& partition : partitions) {
            inputs.erase(partition);
        }
    }
    std::erase_if(by_task_, [](const auto& task) { return task.second.empty(); });
}

std::vector<TopicPartition> AssignedInputs::of(TaskId task) const {
    const auto found = by_task_.find(task);
    return found == by_task_.end()
               ? std::vector<TopicPartition>{}
               : std::vector<TopicPartition>{found->second.begin(), found->second.end()};
}

std::vector<TopicPartition> AssignedInputs::all() const {
    std::vector<TopicPartition> all;
    for (const auto& [task, inputs] : by_task_) {
        all.insert(all.end(), inputs.begin(), inputs.end());
    }
    std::sort(all.begin(), all.end());
    return all;
}

std::vector<TaskId> AssignedInputs::tasks() const {
    std::vector<TaskId> ids;
    ids.reserve(by_task_.size());
    for (const auto& [task, inputs] : by_task_) {
        ids.push_back(task);
    }
    return ids;
}

}  // namespace millrace::runtime
