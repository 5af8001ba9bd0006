// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "assignment/partition_assignor.hpp"
#include "core/clock.hpp"
#include "core/driven.hpp"
#include "core/rate_limited_log.hpp"
#include "core/thread_annotations.hpp"
#include "kafka/client_supplier.hpp"
#include "kafka/consumer.hpp"
#include "metrics/registry.hpp"
#include "restore/restorer_pool.hpp"
#include "runtime/commit/departed_transactions.hpp"
#include "runtime/commit/producer_collector.hpp"
#include "runtime/task/task_errors.hpp"
#include "runtime/thread/assigned_tasks.hpp"
#include "runtime/thread/internal_topics.hpp"
#include "runtime/thread/open_tasks.hpp"
#include "runtime/thread/planned_rejoin.hpp"
#include "runtime/thread/restart_backoff.hpp"
#include "runtime/thread/start_positions.hpp"
#include "runtime/thread/task_executor.hpp"
#include "runtime/thread/task_maker.hpp"
#include "runtime/thread/task_registry.hpp"
#include "runtime/thread/thread_settings.hpp"
#include "runtime/thread/thread_state_machine.hpp"
#include "runtime/thread/throughput_log.hpp"
#include "runtime/thread/topic_checks.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::runtime {

/// Whether a thread that ends leaves its group. A member that does not is kept, with its
/// partitions, until its session expires.
enum class Leaving {
    kUnlessStatic,  ///< A static member (with group.instance.id) stays.
    kAlways,
    kNever,
};

/// A member of the application's group: reads records from its partitions, runs its tasks, commits.
/// Its parts do the work of a turn: AssignedTasks handles the assignment, OpenTasks the open tasks,
/// TopicChecks the topics, TaskExecutor processing and commits.
///
/// The object is driven, turn by turn: by a thread of the client, or by a simulator that runs many
/// of them in one thread.
///
///     StreamThread thread(parts);
///     while (...) thread.run_once(clock.now());
///     thread.close(timeout);
///
/// Threads: one thread drives it; wake_up, post, request_stop, state and metadata are thread-safe.
/// Errors: run_once throws errors for the uncaught-exception handler; only
/// announce_application_shutdown() and abandon() may be called then.
class StreamThread final : public Driven {
  public:
    using Settings = ThreadSettings;

    struct Parts {
        Settings settings{};
        std::shared_ptr<kafka::ClientSupplier> supplier{};
        kafka::ClientSettings consumer_settings{};
        kafka::ClientSettings producer_settings{};
        std::shared_ptr<const TaskSettings> task_settings{};

        // These must outlive the thread.
        const TaskMaker* task_maker = nullptr;
        const StartPositions* start_positions = nullptr;
        InternalTopics* internal_topics = nullptr;
        assignment::PartitionRacks* racks = nullptr;  ///< Null: there is no rack strategy.
        BatchLimits* batch_limits = nullptr;          ///< May be null: topics are not checked.
        restore::RestorerPool* restorer = nullptr;
        metrics::Registry* metrics = nullptr;
        const Clock* clock = nullptr;
        const std::atomic<bool>* paused = nullptr;

        ThreadStateMachine::Listener on_state{};

        /// An instance has requested a shutdown of the whole application.
        std::function<void()> on_application_shutdown{};
    };

    explicit StreamThread(Parts parts);
    ~StreamThread() override;

    const std::string& name() const noexcept { return parts_.settings.name; }
    ThreadState state() const noexcept { return states_.state(); }

    /// One round: group membership, messages, records, punctuation, commit. Waits for records up to
    /// poll.ms if there is nothing to do. `now` is the wall clock.
    std::chrono::milliseconds run_once(Timestamp now) override;

    /// Commits, and leaves the group or not. Takes at most `timeout`: uncommitted records are
    /// processed again later. Does not throw.
    void close(std::chrono::milliseconds timeout, Leaving leaving = Leaving::kUnlessStatic);

    /// After an exception of run_once: commits nothing and drops uncommitted output, and leaves the
    /// group, so that other threads get the tasks at once. Takes about a second at most if Kafka
    /// does not respond. Does not throw.
    void end_after_error();

    /// Like a crash, except that files are closed: nothing is committed, and the group keeps the
    /// member until its session expires. To end without waiting. Does not throw.
    void abandon();

    /// Wakes up a waiting run_once.
    void wake_up() override;

    /// Runs `work` between two rounds; it may use the tasks. Destroys it without running it if the
    /// thread has ended.
    void post(std::function<void(TaskRegistry&)> work);

    /// The next rounds stop waiting for Kafka soon: close() will be called.
    void request_stop();

    /// Requests a shutdown of all instances through the group; waits up to `timeout` until the
    /// leader knows. Closes the tasks dirty. Called by the driving thread, after an exception.
    void announce_application_shutdown(std::chrono::milliseconds timeout);

    ThreadMetadata metadata() const;

  private:
    /// How long the thread works before it polls its group again and runs posted work.
    static constexpr std::chrono::milliseconds kSlice{50};

    std::chrono::nanoseconds monotonic() const { return parts_.clock->monotonic(); }

    void make_clients();
    void make_parts();
    void turn(Timestamp now);
    bool join();
    bool transactions_initialised();
    void subscribe();
    std::chrono::milliseconds wait_time(Timestamp now) const;
    bool paused() const;
    void handle_group_commands();
    void abort_departed_transactions();
    void update_standbys();
    void update_thread_state();
    void warn_while_waiting();
    void run_posted();
    void forget_partition_counts();
    void check_while_output_waits() const;

    // Back to the last commit.
    void restart(const RestartFromCommit& cause);
    void rebuild(const TaskFailure& failure);

    // The end: stream_thread_end.cpp.
    void close_tasks(const std::function<std::chrono::milliseconds()>& left);
    void drop_output();
    void leave_group(Leaving leaving, const std::function<std::chrono::milliseconds()>& left);
    void deliver_dead_letters(std::chrono::milliseconds timeout);

    Parts parts_;
    RateLimitedLog log_;
    ThreadStateMachine states_;
    RestartBackoff backoff_;
    ThroughputLog throughput_log_;
    std::atomic<bool> stop_requested_{false};
    std::shared_ptr<assignment::PartitionAssignor> assignor_;
    std::unique_ptr<ProducerCollector> collector_;
    std::unique_ptr<DepartedTransactions> departed_;  // Null without transactions.
    std::unique_ptr<AssignedTasks> assigned_;  // Before the consumer, because it is its listener.
    std::unique_ptr<kafka::Consumer> consumer_;
    std::unique_ptr<OpenTasks> tasks_;
    std::unique_ptr<PlannedRejoin> planned_rejoin_;
    std::unique_ptr<TopicChecks> topics_;
    std::unique_ptr<TaskExecutor> executor_;
    std::shared_ptr<metrics::Counter> polled_;

    bool shutdown_announced_ = false;
    std::uint64_t standbys_of_round_ = 0;  // The rebalance whose standbys are open.
    // Of Clock::monotonic().
    std::optional<std::chrono::nanoseconds> subscribed_at_;
    std::chrono::nanoseconds counts_forgotten_{0};

    Mutex mutex_;  // Also held while consumer_ is used by another thread, or destroyed.
    std::vector<std::function<void(TaskRegistry&)>> posted_ MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace::runtime
