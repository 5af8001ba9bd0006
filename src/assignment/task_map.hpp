// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/group.hpp"
#include "millrace/core/task_id.hpp"
#include "topology/sub_topologies.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace millrace::assignment {

/// Which task reads which partitions, for given partition counts of the topics.
class TaskMap {
  public:
    TaskMap(const topology::ApplicationTopology& application, const kafka::PartitionCounts& topics);

    /// Partitions of each task, sorted. A sub-topology without existing topics has no tasks.
    const std::map<TaskId, std::vector<TopicPartition>>& tasks() const noexcept { return tasks_; }

  private:
    std::map<TaskId, std::vector<TopicPartition>> tasks_;
};

/// Whether that sub-topology has `topic` as a source. Compiles patterns in each call.
bool reads(const topology::SubTopology& part, const std::string& topic);

/// The sub-topology that reads `topic`, or -1. Compiles patterns in each call.
std::int32_t sub_topology_of(const topology::ApplicationTopology& application,
                             const std::string& topic);

}  // namespace millrace::assignment
