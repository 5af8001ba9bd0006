// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/task_id.hpp"
#include "millrace/core/topic_partition.hpp"
#include "topology/sub_topologies.hpp"

#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

namespace millrace::runtime {

/// The partitions that the group has assigned to a stream thread, by the task that reads them: the
/// tasks that the thread must run. Owned by its stream thread.
class AssignedInputs {
  public:
    /// `application` must outlive this.
    explicit AssignedInputs(const topology::ApplicationTopology& application)
        : application_(application) {}

    /// Throws TopologyError if the patterns of two sources match the topic of one of them.
    void check(std::span<const TopicPartition> partitions) const;

    /// The task that reads it; empty if none does.
    std::optional<TaskId> add(const TopicPartition& partition);
    void remove(std::span<const TopicPartition> partitions);

    /// The partitions of that task, sorted; empty if it is not assigned.
    std::vector<TopicPartition> of(TaskId task) const;

    /// The tasks to run, by id.
    std::vector<TaskId> tasks() const;

    /// All partitions, sorted.
    std::vector<TopicPartition> all() const;

  private:
    const topology::ApplicationTopology& application_;
    std::map<TaskId, std::set<TopicPartition>> by_task_;
};

}  // namespace millrace::runtime
