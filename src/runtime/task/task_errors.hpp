// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/task_id.hpp"
#include "state/format/state_corrupted.hpp"

#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

namespace millrace::runtime {

/// Control flow of the stream thread: all its tasks restart from their last commit. Thrown in
/// runtime/, caught by StreamThread::run_once; user handlers never see it.
class RestartFromCommit final : public std::runtime_error {
  public:
    enum class Backoff {
        kNone,     ///< Nothing is wrong with the records or with Kafka.
        kGrowing,  ///< The cause may persist: wait longer each time, up to task.timeout.ms.
    };

    explicit RestartFromCommit(const std::string& reason, Backoff backoff = Backoff::kGrowing)
        : std::runtime_error(reason), backoff_(backoff) {}

    Backoff backoff() const noexcept { return backoff_; }

  private:
    Backoff backoff_;
};

/// The state of one task is damaged: the task is closed, its state deleted and restored. Thrown by
/// run_task_code, caught by StreamThread::run_once.
class TaskFailure final : public std::runtime_error {
  public:
    TaskFailure(TaskId task, const std::string& what, std::exception_ptr cause)
        : std::runtime_error("task " + to_string(task) + ": " + what),
          task_(task),
          cause_(std::move(cause)) {}

    TaskId task() const noexcept { return task_; }

    /// The exception of the task's code.
    const std::exception_ptr& cause() const noexcept { return cause_; }

  private:
    TaskId task_;
    std::exception_ptr cause_;
};

/// Calls `work`, which runs code of `task`. Converts StateCorrupted to TaskFailure, so that the
/// stream thread knows the task; other exceptions are not changed.
template <class F>
decltype(auto) run_task_code(TaskId task, F&& work) {
    try {
        return std::forward<F>(work)();
    } catch (const state::StateCorrupted& corrupted) {
        throw TaskFailure(task, corrupted.what(), std::current_exception());
    }
}

}  // namespace millrace::runtime
