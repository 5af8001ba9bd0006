// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/task_id.hpp"
#include "millrace/core/topic_partition.hpp"

#include <string>
#include <vector>

namespace millrace {

/// A task as a thread had it a moment ago.
struct TaskMetadata {
    TaskId id{};
    std::vector<TopicPartition> inputs{};
    bool running = false;  ///< False: its state is being restored.

    bool operator==(const TaskMetadata&) const = default;
};

/// A stream thread as it was a moment ago.
struct ThreadMetadata {
    std::string name{};
    std::string state{};  ///< "RUNNING", ...; as Kafka Streams calls them.
    std::vector<TaskMetadata> tasks{};

    bool operator==(const ThreadMetadata&) const = default;
};

}  // namespace millrace
