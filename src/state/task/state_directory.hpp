// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/file_system.hpp"
#include "core/random.hpp"
#include "core/thread_annotations.hpp"
#include "millrace/core/task_id.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace millrace::state {

/// The folder of one application's state on this machine:
///
///     <state.dir>/<application.id>/     mode 0700
///         .lock                         held by the process that uses it; its number
///         process.json                  who this instance is, for sticky task assignment
///         <sub-topology>_<partition>/   a task: state/task/task_stores.hpp
///         global/                       the global stores
///
/// Thread-safe. Errors: StateError.
class StateDirectory {
  public:
    /// Creates missing folders and locks the directory. Throws StateError if another process, or
    /// another client of this one, has locked it.
    StateDirectory(const std::filesystem::path& state_dir, const std::string& application_id,
                   Clock& clock = system_clock(), Random& random = system_random(),
                   FileSystem& files = system_files());

    /// The same after restarts, as long as the folder exists.
    const std::string& process_id() const noexcept { return process_id_; }

    const std::filesystem::path& path() const noexcept { return path_; }
    std::filesystem::path task_directory(TaskId task) const { return path_ / to_string(task); }
    std::filesystem::path global_directory() const { return path_ / "global"; }

    /// The tasks with state on disk, in order.
    std::vector<TaskId> tasks() const;

    /// Reserves a task's folder for one owner in this process; false if it is reserved.
    bool try_lock(TaskId task);

    /// Releases it, and counts it as used now.
    void unlock(TaskId task);

    /// Releases a folder that was only looked at.
    void unlock_unused(TaskId task);

    /// Deletes the folders of tasks without an owner that were not used for `unused_for`. Returns
    /// how many.
    std::size_t remove_unused(std::chrono::milliseconds unused_for);

    /// Deletes all state, but keeps the identity. Throws StateError if a task has an owner.
    void clean_up();

  private:
    std::string load_process_id(Random& random);

    std::filesystem::path path_;
    Clock& clock_;
    FileSystem& files_;
    std::unique_ptr<FileLock> lock_;
    std::string process_id_;

    mutable Mutex mutex_;
    std::set<TaskId> owned_ MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace::state
