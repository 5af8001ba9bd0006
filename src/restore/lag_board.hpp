// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/task_lag.hpp"
#include "core/thread_annotations.hpp"

#include <cstdint>
#include <map>
#include <vector>

namespace millrace::restore {

/// The lags of the tasks whose state this process has, as last measured. While a task is open, its
/// lag is set by who restores or runs it: what remains to be read, 0 while it runs. The lags of
/// other tasks on disk are measured in the background.
///
/// Thread-safe. No call waits for the network or for files.
class LagBoard {
  public:
    /// The state of `task` is open. Its lag is the last one until it is set.
    void opened(TaskId task);

    /// The lag of an open task. Without effect if it is not open.
    void set(TaskId task, TaskLag lag);

    /// The task is not open any more. Its lag is the last one until it is measured.
    void closed(TaskId task);

    /// A lag that was measured in the background. Without effect if the task is open, or not on
    /// disk.
    void measured(TaskId task, TaskLag lag);

    /// The tasks on disk: adds new ones with an unknown lag, and removes those that are neither on
    /// disk nor open.
    void set_on_disk(const std::vector<TaskId>& tasks);

    TaskLags lags() const;

    /// The tasks on disk that are not open. Each has another number after every use.
    std::map<TaskId, std::uint64_t> to_measure() const;

  private:
    struct Entry {
        TaskLag lag = kUnknownLag;
        bool open = false;
        bool on_disk = false;
        std::uint64_t use = 0;
    };

    mutable Mutex mutex_;
    std::map<TaskId, Entry> entries_ MILLRACE_GUARDED_BY(mutex_);
    std::uint64_t uses_ MILLRACE_GUARDED_BY(mutex_) = 0;
};

}  // namespace millrace::restore
