// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

namespace millrace::runtime {

/// Control flow of the stream thread, the only exceptions that are: thrown in runtime/, caught in
/// StreamThread::run_once and nowhere else. No handler of the user's sees them.
class TaskInterrupted : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// The task belongs to somebody else by now: close it dirty and rejoin the group.
class TaskMigrated final : public TaskInterrupted {
  public:
    using TaskInterrupted::TaskInterrupted;
};

/// The task's state can no longer be trusted: close it dirty, wipe what is in doubt and restore.
class TaskCorrupted final : public TaskInterrupted {
  public:
    using TaskInterrupted::TaskInterrupted;
};

/// Kafka did not answer in time to what is needed to begin a task: tried again at a later turn.
class TryLater final : public TaskInterrupted {
  public:
    using TaskInterrupted::TaskInterrupted;
};

/// The thread was told to stop while it waited for Kafka: close() comes next.
class StopRequested final : public TaskInterrupted {
  public:
    using TaskInterrupted::TaskInterrupted;
};

}  // namespace millrace::runtime
