// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/task_lag.hpp"
#include "core/thread_annotations.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace millrace::restore {

/// The latest known lags of all tasks whose state this process has, and sizes of their changelogs.
/// For an open task, the restorer or the stream thread sets the lag: the records that remain to be
/// read, 0 while the task runs. For other tasks on disk, LagMeter measures it.
///
/// Thread-safe. No call blocks on the network or on files.
class LagBoard {
  public:
    /// Call it when the stores of `task` have been opened. The lag does not change before set().
    void opened(TaskId task);

    /// Sets the lag of an open task. No effect if the task is not open.
    void set(TaskId task, TaskLag lag);

    /// Sets the size of an open task's changelogs.
    void set_size(TaskId task, std::int64_t size);

    /// The stores of `task` were closed. Its lag stays the same until it is measured.
    void closed(TaskId task);

    /// Sets a lag and a size that were measured in the background. No effect if the task is open or
    /// not on disk.
    void measured(TaskId task, TaskLag lag, std::int64_t size);

    /// Sets which tasks are on disk. New ones get kUnknownLag; tasks that are neither on disk nor
    /// open are removed.
    void set_on_disk(const std::vector<TaskId>& tasks);

    TaskLags lags() const;
    StateReport report() const;

    /// The tasks on disk that are not open. Their numbers change each time they are opened.
    std::map<TaskId, std::uint64_t> to_measure() const;

  private:
    struct Entry {
        TaskLag lag = kUnknownLag;
        std::optional<std::int64_t> size{};
        bool open = false;
        bool on_disk = false;
        std::uint64_t use = 0;
    };

    mutable Mutex mutex_;
    std::map<TaskId, Entry> entries_ MILLRACE_GUARDED_BY(mutex_);
    std::uint64_t uses_ MILLRACE_GUARDED_BY(mutex_) = 0;
};

}  // namespace millrace::restore
