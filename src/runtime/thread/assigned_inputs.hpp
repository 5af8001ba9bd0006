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

/// The partitions that the group has given a stream thread, by the task that reads them: what its
/// tasks are to be. Owned by its stream thread.
class AssignedInputs {
  public:
    /// `application` must outlive this.
    explicit AssignedInputs(const topology::ApplicationTopology& application)
        : application_(application) {}

    /// The task that reads it; nothing when none does.
    std::optional<TaskId> add(const TopicPartition& partition);
    void remove(std::span<const TopicPartition> partitions);

    /// What that task is to read, sorted; empty when it is not ours.
    std::vector<TopicPartition> of(TaskId task) const;

    /// Tasks that are to be, by id.
    std::vector<TaskId> tasks() const;

  private:
    const topology::ApplicationTopology& application_;
    std::map<TaskId, std::set<TopicPartition>> by_task_;
};

}  // namespace millrace::runtime
