// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/driven.hpp"
#include "core/rate_limited_log.hpp"
#include "core/thread_annotations.hpp"
#include "kafka/admin.hpp"
#include "kafka/client_supplier.hpp"
#include "kafka/consumer.hpp"
#include "metrics/registry.hpp"
#include "millrace/core/task_id.hpp"
#include "millrace/state/restore_listener.hpp"
#include "restore/open_transactions.hpp"
#include "restore/progress_board.hpp"
#include "restore/removal_age.hpp"
#include "restore/restore_reports.hpp"
#include "restore/restored_store.hpp"
#include "restore/standby_reports.hpp"
#include "state/task/task_stores.hpp"

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace millrace::restore {

/// The result of restoring a task.
struct RestoreResult {
    TaskId task{};
    std::exception_ptr
        error{};  ///< Null: all stores are complete. StateCorrupted: delete the state and retry.
};

/// Where a stream thread receives the results of its tasks.
using RestoreMailbox = std::function<void(RestoreResult)>;

/// Restores the stores of tasks from their changelogs, and keeps the stores of standbys up to date.
/// Tasks have priority over standbys. The restorer has its own consumer, which never joins a group,
/// so that running tasks never wait for restoring tasks.
///
/// It reads a limited number of changelogs at a time, which limits the memory of fetched records.
/// The others wait in the order in which they have come. If any waits, a changelog that has been
/// read for a while makes place for it, so that a short restore does not wait for long ones.
///
/// Threads: run_once from one thread, the restore thread; all other functions from any thread.
class Restorer final : public Driven {
  public:
    struct Parts {
        std::shared_ptr<kafka::ClientSupplier> supplier{};
        kafka::ClientSettings consumer_settings{};
        kafka::Admin* admin = nullptr;  ///< Must outlive the restorer, like the clock.
        const Clock* clock = nullptr;
        StateRestoreListener listener{};
        StandbyUpdateListener standby_listener{};

        /// The group whose committed offsets limit the standbys of stores that are restored from
        /// source topics.
        std::string group{};

        /// Receives the lag of each task in every turn. Must not block. May be null.
        std::function<void(TaskId task, std::int64_t records)> on_lag{};

        std::string thread{};  ///< Name of the restore thread, for metrics.
        metrics::Registry* metrics = nullptr;
        ProgressBoard* progress = nullptr;          ///< Must outlive the restorer. May be null.
        const std::atomic<bool>* paused = nullptr;  ///< True: restoring is paused. Null: never.

        std::chrono::milliseconds request_timeout{10'000};
        std::chrono::milliseconds poll{100};  ///< How long a turn waits for records.

        /// How many changelogs of tasks, and of standbys that have not caught up yet, are read at a
        /// time, and how many records of one before it makes place for another.
        std::size_t changelogs_at_once = 64;
        std::int64_t records_in_turn = 2'000'000;
    };

    /// How many changelogs the restorer has to read.
    struct Work {
        std::size_t restoring = 0;
        std::size_t standby = 0;
    };

    explicit Restorer(Parts parts);
    ~Restorer() override;

    /// Restores the task's stores, then calls `mailbox` once, from the restore thread. No other
    /// thread may use `stores` until then, or until remove().
    void add(const void* owner, TaskId task, state::TaskStores& stores,
             std::vector<StoreToRestore> to_restore, RestoreMailbox mailbox);

    /// Keeps the stores of a standby up to date until remove() or promote(). A store
    /// with a limit follows the group's committed offsets; the value of the limit is ignored.
    /// `mailbox` receives errors only. After an error, the standby is no longer updated.
    void follow(const void* owner, TaskId task, state::TaskStores& stores,
                std::vector<StoreToRestore> to_restore, RestoreMailbox mailbox);

    /// Suspends updates of a standby, so that its owner may use the stores; promote() or remove()
    /// must follow. Waits at most for the current batch. Returns false if the standby has failed;
    /// its mailbox has received the error.
    bool hold(const void* owner, TaskId task);

    /// Turns a held standby into a task of `new_owner` that is being restored, as by add(). Only
    /// the records between the standby's position and the end of the changelog, as of this call,
    /// are read. Returns false if no held standby of that owner exists.
    bool promote(const void* owner, TaskId task, const void* new_owner,
                 std::vector<StoreToRestore> to_restore, RestoreMailbox mailbox);

    /// Stops restoring or following that owner's task. Waits at most for the current batch, and
    /// never for the network. The mailbox is not called for the task after this returns. False if
    /// there was no such task, or if it had ended. Does not throw.
    bool remove(const void* owner, TaskId task);

    /// One turn: starts new tasks, reads available records, applies them. Waits for records if
    /// there are none.
    std::chrono::milliseconds run_once(Timestamp now) override;

    void wake_up() override;

    /// The name of the restore thread.
    const std::string& name() const noexcept { return parts_.thread; }

    /// True if no task is being restored. Standbys do not count.
    bool idle() const;

    bool has(const void* owner, TaskId task) const { return find(owner, task) != nullptr; }
    Work work() const;

  private:
    class Listener;
    struct Task;
    using Key = std::pair<const void*, TaskId>;

    void insert(const void* owner, TaskId task, state::TaskStores& stores,
                std::vector<StoreToRestore> to_restore, RestoreMailbox mailbox, bool standby);
    std::shared_ptr<Task> find(const void* owner, TaskId task) const;
    std::vector<std::shared_ptr<Task>> snapshot() const;
    bool paused() const;
    bool work_on(const std::shared_ptr<Task>& task);
    bool attempt(const std::shared_ptr<Task>& task, const std::function<void()>& step);
    bool report(Task& task);
    bool advance(Task& task);
    bool read(Task& task, Changelog& changelog);
    void stop_reading(Changelog& changelog, Phase next);
    void finish(Task& task, Changelog& changelog);
    void forget_remaining(Task& task);
    void finish_task(const std::shared_ptr<Task>& task, std::exception_ptr error);
    void failed(const TopicPartition& partition, const kafka::Status& status);
    void unassign_orphans();

    // What a restore begins with: restorer_prepare.cpp.
    struct Preparation;
    void prepare(const std::vector<std::shared_ptr<Task>>& tasks, bool standbys);
    bool look_up(const std::vector<std::shared_ptr<Task>>& tasks);
    std::vector<Offset> offsets(const std::vector<TopicPartition>& of, kafka::OffsetSpec which,
                                kafka::Isolation isolation);
    void report_open_transactions(Task& task);
    void begin_or_continue(const Preparation& preparation, std::span<const Offset> begins,
                           std::span<const Offset> ends, Timestamp now);
    void begin_or_continue(Task& task, Changelog& changelog, Offset first, Offset end,
                           Timestamp now);
    void begin(Task& task, Changelog& changelog, Offset first, Offset end, Timestamp now);

    // Which changelogs are assigned: restorer_turns.cpp.
    struct Places;
    static Places places(const std::vector<std::shared_ptr<Task>>& tasks);
    void take_turns(const std::vector<std::shared_ptr<Task>>& tasks);
    bool make_place(Places& places, bool for_standby);
    void read_or_park(Changelog& changelog, Offset from);
    void assign(Changelog& changelog, Offset from);
    void park(Changelog& changelog);
    void unassign(const Changelog& changelog);

    // Standbys: restorer_standby.cpp.
    bool look_up_limits(const std::vector<std::shared_ptr<Task>>& tasks,
                        std::chrono::milliseconds timeout);
    void refresh_limits(const std::vector<std::shared_ptr<Task>>& tasks);
    void keep_up(Task& task);

    Parts parts_;
    RemovalAge removal_age_;
    RestoreReports reports_;
    StandbyReports standby_reports_;
    mutable Mutex mutex_;
    std::map<Key, std::shared_ptr<Task>> tasks_ MILLRACE_GUARDED_BY(mutex_);
    // Assigned partitions of tasks that were removed.
    std::vector<TopicPartition> orphans_ MILLRACE_GUARDED_BY(mutex_);

    std::unique_ptr<Listener> listener_;
    std::unique_ptr<kafka::Consumer> consumer_;
    std::vector<kafka::Message> messages_;         // Reused buffer.
    std::vector<state::ChangelogRecord> records_;  // Reused buffer.
    std::vector<Headers> headers_;                 // Reused buffer.
    RateLimitedLog log_;
    bool read_committed_;          // The isolation level of the consumer.
    std::size_t free_places_ = 0;  // Of Parts::changelogs_at_once.
    std::uint64_t parked_ = 0;     // How often.
    OpenTransactions open_transactions_;
    std::optional<std::chrono::nanoseconds> limits_looked_up_;  // Of Clock::monotonic().
};

}  // namespace millrace::restore
