// SPDX-License-Identifier: Apache-2.0
#include "restore/lag_board.hpp"

namespace millrace::restore {

void LagBoard::opened(TaskId task) {
    const MutexLock lock(mutex_);
    Entry& entry = entries_[task];
    entry.open = true;
    entry.use = ++uses_;
}

void LagBoard::set(TaskId task, TaskLag lag) {
    const MutexLock lock(mutex_);
    const auto found = entries_.find(task);
    if (found != entries_.end() && found->second.open) {
        found->second.lag = lag;
    }
}

void LagBoard::set_size(TaskId task, std::int64_t size) {
    const MutexLock lock(mutex_);
    const auto found = entries_.find(task);
    if (found != entries_.end() && found->second.open) {
        found->second.size = size;
    }
}

void LagBoard::closed(TaskId task) {
    const MutexLock lock(mutex_);
    const auto found = entries_.find(task);
    if (found == entries_.end()) {
        return;
    }
    found->second.open = false;
    if (!found->second.on_disk) {
        entries_.erase(found);
    }
}

void LagBoard::measured(TaskId task, TaskLag lag, std::int64_t size) {
    const MutexLock lock(mutex_);
    const auto found = entries_.find(task);
    if (found != entries_.end() && !found->second.open) {
        found->second.lag = lag;
        found->second.size = size;
    }
}

void LagBoard::set_on_disk(const std::vector<TaskId>& tasks) {
    const MutexLock lock(mutex_);
    for (auto& [task, entry] : entries_) {
        entry.on_disk = false;
    }
    for (const TaskId& task : tasks) {
        Entry& entry = entries_[task];
        entry.on_disk = true;
        entry.use = entry.use == 0 ? ++uses_ : entry.use;
    }
    std::erase_if(entries_,
                  [](const auto& each) { return !each.second.on_disk && !each.second.open; });
}

TaskLags LagBoard::lags() const {
    return report().lags;
}

StateReport LagBoard::report() const {
    const MutexLock lock(mutex_);
    StateReport report;
    for (const auto& [task, entry] : entries_) {
        report.lags.emplace(task, entry.lag);
        if (entry.size) {
            report.sizes.emplace(task, *entry.size);
        }
    }
    return report;
}

std::map<TaskId, std::uint64_t> LagBoard::to_measure() const {
    const MutexLock lock(mutex_);
    std::map<TaskId, std::uint64_t> tasks;
    for (const auto& [task, entry] : entries_) {
        if (entry.on_disk && !entry.open) {
            tasks.emplace(task, entry.use);
        }
    }
    return tasks;
}

}  // namespace millrace::restore
