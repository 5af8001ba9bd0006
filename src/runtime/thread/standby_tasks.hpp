// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/thread_annotations.hpp"
#include "restore/restorer_pool.hpp"
#include "runtime/task/task_settings.hpp"
#include "runtime/thread/task_maker.hpp"
#include "state/task/task_stores.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace millrace::runtime {

/// The stores of a task, as the restorer needs them. `limit_of` returns the committed offset of a
/// source topic that serves as changelog.
std::vector<restore::StoreToRestore> stores_to_restore(
    const TaskMaker& task_maker, std::shared_ptr<const TaskSettings> settings, TaskId task,
    const std::function<Offset(const TopicPartition&)>& limit_of);

/// The standbys of one stream thread: copies of the state of tasks that other members run. A
/// standby has only stores, which the restorer keeps up to date. If its task is assigned to the
/// thread, the standby is promoted: the task takes over the open stores. If a task of the thread is
/// revoked and assigned as standby, the standby takes over the task's open stores.
///
///     ─► opened ─► followed ─► held ─► released, promoted
///           ▲          │ ▲                    │
///           │  damaged │ └─── adopted ◄───────┘ the task is revoked
///           └──────────┴─► closed
///
/// Not thread-safe: owned by its stream thread.
class StandbyTasks {
  public:
    /// All must outlive this.
    struct Parts {
        std::string thread_name{};
        const TaskMaker* task_maker = nullptr;
        std::shared_ptr<const TaskSettings> task_settings{};
        restore::RestorerPool* restorer = nullptr;
        const Clock* clock = nullptr;

        /// Wakes up the stream thread: a standby has failed. Called by the restore thread.
        std::function<void()> wake_up{};
    };

    explicit StandbyTasks(Parts parts);
    ~StandbyTasks();
    StandbyTasks(const StandbyTasks&) = delete;
    StandbyTasks& operator=(const StandbyTasks&) = delete;

    /// Gives up standbys that are not among `wanted`, and, if it `may_open`, opens missing ones for
    /// up to 50 ms, without those of sub-topologies that this instance does not have. Returns
    /// whether any was opened or closed. Throws the exceptions of TaskMaker::make_stores, and
    /// errors that have ended a standby, except damaged state: that is rebuilt.
    bool update(const std::vector<TaskId>& wanted, bool may_open);

    /// Whether update() has nothing to do for the same tasks.
    bool complete() const;

    bool has(TaskId id) const { return open_.contains(id); }
    std::vector<TaskId> ids() const;

    /// Whether files of that task are damaged and must be deleted when it is opened.
    bool take_damaged(TaskId id) { return damaged_.erase(id) > 0; }

    /// Begins a promotion: the restorer no longer uses the stores. Returns false if there is no
    /// usable standby. The owner in Restorer::promote is this object.
    bool hold(TaskId id);

    /// Returns the stores of a standby that is held.
    std::unique_ptr<state::TaskStores> release(TaskId id);

    /// Cancels a promotion.
    void forget(TaskId id);

    /// Adds a standby with the open stores of a task that this thread has run.
    void adopt(TaskId id, std::unique_ptr<state::TaskStores> stores);

    /// Closes the stores cleanly. Does not throw.
    void close(TaskId id);

    /// Gives up the stores, for another thread of this client (TaskMaker::give_up). Does not throw.
    void give_up_all();

  private:
    void follow(TaskId id, std::unique_ptr<state::TaskStores> stores);
    void give_up(TaskId id);
    bool can_keep(TaskId id);
    bool open(TaskId id);
    void handle_failures();
    void failed(restore::RestoreResult result);

    Parts parts_;
    std::map<TaskId, std::unique_ptr<state::TaskStores>> open_;
    std::set<TaskId> damaged_;
    std::set<TaskId> unknown_;  // Reported.
    bool complete_ = true;
    std::optional<std::chrono::nanoseconds> retry_at_;  // Of Clock::monotonic().

    mutable Mutex mutex_;
    std::vector<restore::RestoreResult> failures_ MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace::runtime
