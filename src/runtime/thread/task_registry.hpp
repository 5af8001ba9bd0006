// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/consumer.hpp"
#include "millrace/client/stream_metadata.hpp"
#include "runtime/task/stream_task.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <vector>

namespace millrace::runtime {

/// The tasks of one stream thread. Owned by its stream thread.
class TaskRegistry {
  public:
    struct Entry {
        std::unique_ptr<StreamTask> task{};
        std::vector<kafka::CommittedOffset> committed{};  ///< By input, since it was assigned.
    };

    Entry* find(TaskId id);
    Entry& add(TaskId id, Entry entry);

    /// Running tasks, by id. Valid until a task is added, removed or changes its state.
    const std::vector<StreamTask*>& running() const noexcept { return running_; }

    /// Call it after a task's state has changed.
    void refresh();

    std::vector<TaskId> ids() const;

    /// Partitions that any task reads, sorted.
    std::vector<TopicPartition> inputs() const;
    std::size_t size() const noexcept { return tasks_.size(); }
    bool all_running() const noexcept { return running_.size() == tasks_.size(); }

    /// Tasks that read any of these partitions.
    std::vector<TaskId> readers_of(std::span<const TopicPartition> partitions) const;

    std::unique_ptr<StreamTask> remove(TaskId id);

    std::vector<TaskMetadata> metadata() const;

  private:
    std::map<TaskId, Entry> tasks_;
    std::vector<StreamTask*> running_;
};

}  // namespace millrace::runtime
