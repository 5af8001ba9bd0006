// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/task_id.hpp"
#include "millrace/core/topic_partition.hpp"

#include <string>
#include <vector>

namespace millrace {

/// Snapshot of a task.
struct TaskMetadata {
    TaskId id{};
    std::vector<TopicPartition> inputs{};
    bool running = false;  ///< False: it is being restored, or is a standby.

    bool operator==(const TaskMetadata&) const = default;
};

/// Snapshot of a stream thread.
struct ThreadMetadata {
    std::string name{};
    std::string state{};  ///< "RUNNING", ...; the names of Kafka Streams.
    std::vector<TaskMetadata> tasks{};
    std::vector<TaskMetadata> standby_tasks{};  ///< Copies of tasks that others run; no inputs.

    bool operator==(const ThreadMetadata&) const = default;
};

}  // namespace millrace
