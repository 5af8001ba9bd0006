// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/task_registry.hpp"

#include "core/check.hpp"

#include <algorithm>
#include <utility>

namespace millrace::runtime {

TaskRegistry::Entry* TaskRegistry::find(TaskId id) {
    const auto found = tasks_.find(id);
    return found == tasks_.end() ? nullptr : &found->second;
}

TaskRegistry::Entry& TaskRegistry::add(TaskId id, Entry entry) {
    const auto [place, added] = tasks_.try_emplace(id, std::move(entry));
    MILLRACE_CHECK(added);
    refresh();
    return place->second;
}

void TaskRegistry::refresh() {
    running_.clear();
    for (const auto& [id, entry] : tasks_) {
        if (entry.task->state() == TaskState::kRunning) {
            running_.push_back(entry.task.get());
        }
    }
}

std::vector<TaskId> TaskRegistry::ids() const {
    std::vector<TaskId> ids;
    for (const auto& [id, entry] : tasks_) {
        ids.push_back(id);
    }
    return ids;
}

std::vector<TopicPartition> TaskRegistry::inputs() const {
    std::vector<TopicPartition> inputs;
    for (const auto& [id, entry] : tasks_) {
        inputs.insert(inputs.end(), entry.task->inputs().begin(), entry.task->inputs().end());
    }
    std::sort(inputs.begin(), inputs.end());
    return inputs;
}

std::vector<TaskId> TaskRegistry::readers_of(std::span<const TopicPartition> partitions) const {
    std::vector<TaskId> ids;
    for (const auto& [id, entry] : tasks_) {
        const auto& inputs = entry.task->inputs();
        if (std::find_first_of(inputs.begin(), inputs.end(), partitions.begin(),
                               partitions.end()) != inputs.end()) {
            ids.push_back(id);
        }
    }
    return ids;
}

std::unique_ptr<StreamTask> TaskRegistry::remove(TaskId id) {
    const auto found = tasks_.find(id);
    if (found == tasks_.end()) {
        return nullptr;
    }
    std::unique_ptr<StreamTask> task = std::move(found->second.task);
    tasks_.erase(found);
    refresh();
    return task;
}

std::vector<TaskMetadata> TaskRegistry::metadata() const {
    std::vector<TaskMetadata> tasks;
    for (const auto& [id, entry] : tasks_) {
        tasks.push_back({.id = id,
                         .inputs = entry.task->inputs(),
                         .running = entry.task->state() == TaskState::kRunning});
    }
    return tasks;
}

}  // namespace millrace::runtime
