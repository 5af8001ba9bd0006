// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "assignment/partition_assignor.hpp"
#include "core/clock.hpp"
#include "core/thread_annotations.hpp"
#include "kafka/consumer.hpp"
#include "metrics/registry.hpp"
#include "millrace/client/stream_metadata.hpp"
#include "restore/restorer_pool.hpp"
#include "runtime/commit/producer_collector.hpp"
#include "runtime/task/stream_task.hpp"
#include "runtime/thread/standby_tasks.hpp"
#include "runtime/thread/task_maker.hpp"
#include "runtime/thread/task_registry.hpp"
#include "state/budget/cache_budget.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace millrace::runtime {

/// The open tasks of one stream thread: creates a task, lets its stores be restored, runs it,
/// closes it. AssignedTasks decides which tasks are open.
///
/// A closed task stays in memory until none of its records is in flight: the producer writes the
/// offsets of acknowledged changelog records into the task.
///
/// Threads: owned by its stream thread; metadata is thread-safe.
class OpenTasks {
  public:
    /// All must outlive the tasks.
    struct Parts {
        std::string thread_name{};
        const TaskMaker* task_maker = nullptr;
        std::shared_ptr<const TaskSettings> task_settings{};
        restore::RestorerPool* restorer = nullptr;
        metrics::Registry* metrics = nullptr;
        const Clock* clock = nullptr;
        kafka::Consumer* consumer = nullptr;
        ProducerCollector* collector = nullptr;
        assignment::PartitionAssignor* assignor = nullptr;

        /// Wakes up the stream thread: a task is restored. Called by the restore thread.
        std::function<void()> wake_up{};
    };

    explicit OpenTasks(Parts parts);

    TaskRegistry& registry() noexcept { return registry_; }
    const TaskRegistry& registry() const noexcept { return registry_; }

    /// Opens a task and starts the restore of its stores; `wipe` starts with empty stores. False
    /// while another thread of this process has the task. Throws the exceptions of TaskMaker::make.
    bool open(TaskId id, std::vector<TopicPartition> inputs,
              std::vector<kafka::CommittedOffset> committed, bool wipe);

    /// Runs the tasks whose stores are restored. Throws TaskFailure if state is damaged, and other
    /// errors that have ended a restore; the next call continues with the other tasks.
    void start_restored();

    /// Closes a running task that is completely committed. Its stores stay open for the standby if
    /// this thread has been assigned one, and otherwise for another thread of this client
    /// (StoreShelf). Throws the exceptions of its nodes.
    void close_clean(TaskId id);

    /// Closes a task in any state; uncommitted records are processed again. Does not throw.
    void close_dirty(TaskId id);

    /// The same within a rebalance, which does not wait until the files are closed.
    void drop(TaskId id);

    /// Stores that are being restored, and standbys, stay open for another thread of this client.
    void close_all_dirty();

    /// The same for a task that open() follows: its stores stay open if possible, as of the last
    /// commit, so that little or nothing must be restored. Does not throw.
    void close_for_restart(TaskId id);

    /// Whether open() can use stores that are already open.
    bool keeps_stores(TaskId id) const { return kept_.contains(id) || standbys_.has(id); }

    StandbyTasks& standbys() noexcept { return standbys_; }

    /// Closes kept stores of tasks that open() will not follow.
    void close_kept_stores(const std::function<bool(TaskId)>& which);

    /// Call it after tasks were added or removed: informs the assignor, and creates the new
    /// metadata.
    void publish();

    /// Destroys the closed tasks. None of their records may be in flight.
    void destroy_closed() { closed_.clear(); }
    bool any_closed() const noexcept { return !closed_.empty(); }

    /// Tells the group's leader how large the changelogs of the running tasks are, as of the last
    /// commit. Call it after each commit.
    void report_sizes();

    /// Applies the current memory limit.
    void resize_cache();

    /// Whether a handler has caused dead letters of any task, open or closed.
    bool sent_dead_letters() const;

    /// Adds the source record that one of the tasks is processing, if any.
    void describe_source(ErrorContext& context) const;

    std::vector<TaskMetadata> metadata() const;
    std::vector<TaskMetadata> standby_metadata() const;

  private:
    std::vector<restore::StoreToRestore> changelogs_to_restore(
        const StreamTask& task, const std::vector<kafka::CommittedOffset>& committed) const;
    void restored(restore::RestoreResult result);
    void run(TaskRegistry::Entry& entry);
    void report_size(StreamTask& task);
    using CloseReleasingStores = std::unique_ptr<state::TaskStores> (StreamTask::*)();
    std::unique_ptr<state::TaskStores> release_stores(std::unique_ptr<StreamTask> task,
                                                      CloseReleasingStores close);
    bool stop_restore(TaskId id);
    bool give_up_restoring(TaskId id);
    std::unique_ptr<StreamTask> remove(TaskId id);
    bool open(TaskId id, std::vector<TopicPartition> inputs,
              std::vector<kafka::CommittedOffset> committed, bool wipe, bool promoted);
    std::unique_ptr<StreamTask> make(TaskId id, std::vector<TopicPartition> inputs, bool wipe,
                                     bool promoted);
    void keep_until_acknowledged(std::unique_ptr<StreamTask> task);

    Parts parts_;
    state::CacheBudget cache_;
    TaskRegistry registry_;
    StandbyTasks standbys_;
    std::vector<std::unique_ptr<StreamTask>> closed_;            // Their records may be in flight.
    std::map<TaskId, std::unique_ptr<state::TaskStores>> kept_;  // Of closed tasks.

    mutable Mutex mutex_;
    std::vector<restore::RestoreResult> restored_ MILLRACE_GUARDED_BY(mutex_);
    std::vector<TaskMetadata> metadata_ MILLRACE_GUARDED_BY(mutex_);
    std::vector<TaskMetadata> standby_metadata_ MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace::runtime
