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
#include "restore/removal_age.hpp"
#include "state/task/task_stores.hpp"

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::restore {

/// Decides whether a record of a source topic is added to the store that the topic restores.
/// Returns the record's time, or nothing to skip it. Called by the restore thread.
using RestoreFilter =
    std::function<std::optional<Timestamp>(const kafka::Message& message, const Headers& headers)>;

/// A store to restore from its changelog.
struct StoreToRestore {
    std::size_t store = 0;  ///< Index into the task's stores.
    std::string name{};
    TopicPartition changelog{};

    /// The end offset if it is before the end of the changelog: a source topic that serves as
    /// changelog is restored up to the committed offset.
    std::optional<Offset> limit{};

    /// For a source topic that serves as changelog; null: every record is added to the store.
    RestoreFilter filter{};
};

/// The result of restoring a task.
struct RestoreResult {
    TaskId task{};
    std::exception_ptr
        error{};  ///< Null: all stores are complete. StateCorrupted: delete the state and retry.
};

/// Where a stream thread receives the results of its tasks.
using RestoreMailbox = std::function<void(RestoreResult)>;

/// Restores the stores of tasks from their changelogs. It has its own consumer, which never joins a
/// group, so that running tasks never wait for restoring tasks.
///
/// Threads: add and remove from any thread; run_once from one thread, the restore thread.
class Restorer final : public Driven {
  public:
    struct Parts {
        std::shared_ptr<kafka::ClientSupplier> supplier{};
        kafka::ClientSettings consumer_settings{};
        kafka::Admin* admin = nullptr;  ///< Must outlive the restorer, like the clock.
        const Clock* clock = nullptr;
        StateRestoreListener listener{};
        metrics::Registry* metrics = nullptr;
        const std::atomic<bool>* paused = nullptr;  ///< True: restoring is paused. Null: never.

        std::chrono::milliseconds request_timeout{10'000};
        std::chrono::milliseconds poll{100};  ///< How long a turn waits for records.
    };

    explicit Restorer(Parts parts);
    ~Restorer() override;

    /// Restores the task's stores, then calls `mailbox` once, from the restore thread. No other
    /// thread may use `stores` until then, or until remove().
    void add(const void* owner, TaskId task, state::TaskStores& stores,
             std::vector<StoreToRestore> to_restore, RestoreMailbox mailbox);

    /// Stops restoring that owner's task, if it is being restored. Waits at most for the current
    /// batch, and never for the network. The mailbox is not called for the task after this returns.
    /// Does not throw.
    void remove(const void* owner, TaskId task);

    /// One turn: starts new tasks, reads available records, applies them. Waits for records if
    /// there are none.
    std::chrono::milliseconds run_once(Timestamp now) override;

    void wake_up() override;

    /// True if no task is being restored.
    bool idle() const;

    struct Changelog;  // A store that is being restored; see restoring_task.hpp.

  private:
    class Listener;
    struct Task;
    using Key = std::pair<const void*, TaskId>;

    std::vector<std::shared_ptr<Task>> snapshot() const;
    bool paused() const;
    bool work_on(const std::shared_ptr<Task>& task);
    bool prepare(Task& task);
    std::vector<Offset> offsets(const Task& task, const std::vector<TopicPartition>& of,
                                kafka::OffsetSpec which, kafka::Isolation isolation);
    void report_open_transactions(Task& task);
    void begin(Task& task, Changelog& changelog, Offset first, Offset end, Timestamp now);
    std::optional<std::string> why_not(const Task& task, const Changelog& changelog, Offset stored,
                                       Offset first, Offset end) const;
    bool advance(Task& task);
    bool read(Task& task, Changelog& changelog);
    void apply(Task& task, const Changelog& changelog);
    void finish(Task& task, Changelog& changelog);
    void finish_task(const std::shared_ptr<Task>& task, std::exception_ptr error);
    void failed(const TopicPartition& partition, const kafka::Status& status);
    void suspended(const Changelog& changelog) const;
    void unassign_orphans();

    Parts parts_;
    RemovalAge removal_age_;
    std::shared_ptr<metrics::Counter> restored_records_;
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
    bool read_committed_;  // The isolation level of the consumer.
    OpenTransactions open_transactions_;
};

}  // namespace millrace::restore
