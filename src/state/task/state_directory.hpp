// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/file_system.hpp"
#include "core/random.hpp"
#include "millrace/core/task_id.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <mutex>
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
    /// Makes what is missing and locks it. Throws StateError when another process, or another
    /// client of this one, has it.
    StateDirectory(const std::filesystem::path& state_dir, const std::string& application_id,
                   Clock& clock = system_clock(), Random& random = system_random(),
                   FileSystem& files = system_files());

    /// The same over restarts, as long as the folder lives.
    const std::string& process_id() const noexcept { return process_id_; }

    const std::filesystem::path& path() const noexcept { return path_; }
    std::filesystem::path task_directory(TaskId task) const { return path_ / to_string(task); }
    std::filesystem::path global_directory() const { return path_ / "global"; }

    /// The tasks that have something on disk, in order.
    std::vector<TaskId> tasks() const;

    /// Takes a task's folder for one owner in this process; false when it is taken.
    bool try_lock(TaskId task);

    /// Gives it back, and counts it as used just now.
    void unlock(TaskId task);

    /// Removes the folders of tasks that nobody owns and that were not used for `unused_for`.
    /// Returns how many.
    std::size_t remove_unused(std::chrono::milliseconds unused_for);

    /// Removes all state, but keeps the identity. Throws StateError when a task is owned.
    void clean_up();

  private:
    std::string load_process_id(Random& random);

    std::filesystem::path path_;
    Clock& clock_;
    FileSystem& files_;
    std::unique_ptr<FileLock> lock_;
    std::string process_id_;

    mutable std::mutex mutex_;
    std::set<TaskId> owned_;  // Guarded by mutex_.
};

}  // namespace millrace::state
