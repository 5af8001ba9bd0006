// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "kafka/admin.hpp"
#include "kafka/client_supplier.hpp"
#include "kafka/consumer.hpp"
#include "metrics/registry.hpp"
#include "millrace/core/task_id.hpp"
#include "millrace/state/restore_listener.hpp"
#include "restore/removal_age.hpp"
#include "state/task/task_stores.hpp"

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace millrace::restore {

/// Decides whether a record of a source topic enters the store that the topic restores: the
/// record's time, or nothing to skip it. Called by the restoring thread.
using RestoreFilter =
    std::function<std::optional<Timestamp>(const kafka::Message& message, const Headers& headers)>;

/// One store to fill from its changelog.
struct StoreToRestore {
    std::size_t store = 0;  ///< Index into the task's stores.
    std::string name{};
    TopicPartition changelog{};

    /// Where to stop when that is before the changelog's end: a source topic that serves as
    /// changelog is restored up to the committed offset.
    std::optional<Offset> limit{};

    /// Of a source topic that serves as changelog; null: every record enters the store.
    RestoreFilter filter{};
};

/// How restoring a task ended.
struct RestoreResult {
    TaskId task{};
    std::exception_ptr error{};  ///< Null: all stores are complete. StateCorrupted: wipe and retry.
};

/// Where a stream thread hears of its tasks.
using RestoreMailbox = std::function<void(RestoreResult)>;

/// Fills the stores of tasks from their changelogs, with a consumer of its own that never joins a
/// group, so that tasks that run never wait for tasks that restore.
///
/// Threads: add and remove from any thread; run_once from one, the restoring thread.
class Restorer {
  public:
    struct Parts {
        std::shared_ptr<kafka::ClientSupplier> supplier{};
        kafka::ClientSettings consumer_settings{};
        kafka::Admin* admin = nullptr;  ///< Must outlive the restorer, as the clock.
        const Clock* clock = nullptr;
        StateRestoreListener listener{};
        metrics::Registry* metrics = nullptr;
        const std::atomic<bool>* paused = nullptr;  ///< True: nothing is restored. Null: never.

        std::chrono::milliseconds request_timeout{10'000};
    };

    explicit Restorer(Parts parts);
    ~Restorer();

    /// Restores the task's stores, then tells `mailbox`, once, from the restoring thread. Nobody
    /// else may use `stores` until then, or until remove().
    void add(const void* owner, TaskId task, state::TaskStores& stores,
             std::vector<StoreToRestore> to_restore, RestoreMailbox mailbox);

    /// Stops restoring that task of that owner, if it is being restored; waits for the batch at
    /// hand, at most, and never for the network. The mailbox hears no more of it once this returns.
    /// Does not throw.
    void remove(const void* owner, TaskId task);

    /// One turn: looks after new tasks, reads what has arrived, applies it. Waits up to `wait` for
    /// records. Returns whether anything was done.
    bool run_once(std::chrono::milliseconds wait);

    /// Ends a wait of run_once. Thread-safe.
    void wake_up();

    /// True while nothing is being restored.
    bool idle() const;

    struct Changelog;  // One store on its way; restoring_task.hpp.

  private:
    class Listener;
    struct Task;
    using Key = std::pair<const void*, TaskId>;

    std::vector<std::shared_ptr<Task>> snapshot() const;
    bool paused() const;
    bool work_on(const std::shared_ptr<Task>& task);
    bool prepare(Task& task);
    std::vector<Offset> offsets(const Task& task, const std::vector<TopicPartition>& of,
                                kafka::OffsetSpec which);
    void begin(Task& task, Changelog& changelog, Offset first, Offset end, Timestamp now);
    std::optional<std::string> why_not(const Task& task, const Changelog& changelog, Offset stored,
                                       Offset first, Offset end) const;
    bool advance(Task& task);
    bool read(Task& task, Changelog& changelog);
    void finish(Task& task, Changelog& changelog);
    void finish_task(const std::shared_ptr<Task>& task, std::exception_ptr error);
    void failed(const TopicPartition& partition, const kafka::Status& status);
    void suspended(const Changelog& changelog) const;
    void unassign_orphans();
    std::optional<std::string> too_old(const Task& task, const Changelog& changelog) const;
    void complain(const std::string& what);

    Parts parts_;
    RemovalAge removal_age_;
    std::shared_ptr<metrics::Counter> restored_records_;
    mutable std::mutex mutex_;  // Guards the next two.
    std::map<Key, std::shared_ptr<Task>> tasks_;
    std::vector<TopicPartition> orphans_;  // Assigned partitions of tasks that were removed.

    std::unique_ptr<Listener> listener_;
    std::unique_ptr<kafka::Consumer> consumer_;
    std::vector<kafka::Message> messages_;                    // Reused.
    std::vector<state::ChangelogRecord> records_;             // Reused.
    std::vector<Headers> headers_;                            // Reused.
    std::optional<std::chrono::nanoseconds> last_complaint_;  // Of Clock::monotonic().
};

}  // namespace millrace::restore
