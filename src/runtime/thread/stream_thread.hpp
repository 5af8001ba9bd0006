// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "assignment/partition_assignor.hpp"
#include "core/clock.hpp"
#include "core/complaints.hpp"
#include "kafka/client_supplier.hpp"
#include "kafka/consumer.hpp"
#include "metrics/registry.hpp"
#include "restore/restorer.hpp"
#include "runtime/commit/committer.hpp"
#include "runtime/commit/producer_collector.hpp"
#include "runtime/thread/assigned_inputs.hpp"
#include "runtime/thread/internal_topics.hpp"
#include "runtime/thread/setbacks.hpp"
#include "runtime/thread/start_positions.hpp"
#include "runtime/thread/task_maker.hpp"
#include "runtime/thread/task_registry.hpp"
#include "runtime/thread/thread_state.hpp"
#include "state/budget/thread_cache.hpp"

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace millrace::runtime {

/// One member of the application's group: takes records from its partitions, runs its tasks,
/// commits.
///
/// The object is driven, turn by turn: by a std::thread of the client, or by a simulator that runs
/// many of them in one thread.
///
///     StreamThread thread(parts);
///     while (...) thread.run_once(clock.now());
///     thread.close(timeout);
///
/// Threads: one thread drives it; wake_up, post, request_stop, state and metadata are thread-safe.
/// Errors: run_once throws what the uncaught-exception handler must decide about; only abandon()
/// may be called then.
class StreamThread final : private kafka::ConsumerListener {
  public:
    struct Settings {
        std::string name{};  ///< "<client.id>-StreamThread-1"
        std::string process_id{};
        std::chrono::milliseconds poll{100};
        std::chrono::milliseconds commit_interval{30'000};
        std::chrono::milliseconds task_timeout{300'000};
        std::chrono::milliseconds request_timeout{10'000};  ///< For one answer of Kafka's.
        std::chrono::milliseconds metadata_max_age{300'000};
        std::chrono::milliseconds log_summary_interval{120'000};  ///< 0: never.
        std::size_t uncommitted_bytes_max = 64 << 20;             ///< Of this thread; 0: no limit.
        std::size_t process_batch = 1000;                         ///< Records of a task in one go.
    };

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
        BatchLimits* batch_limits = nullptr;  ///< May be null: topics are not asked.
        restore::Restorer* restorer = nullptr;
        metrics::Registry* metrics = nullptr;
        const Clock* clock = nullptr;
        const std::atomic<bool>* paused = nullptr;

        std::function<void(ThreadState now, ThreadState before)> on_state{};

        /// An instance has asked the whole application to stop.
        std::function<void()> on_application_shutdown{};
    };

    explicit StreamThread(Parts parts);
    ~StreamThread() override;

    const std::string& name() const noexcept { return settings().name; }
    ThreadState state() const noexcept { return state_.load(std::memory_order_acquire); }

    /// One turn: group membership, messages, records, punctuation, commit. Waits for records up to
    /// poll.ms when there is nothing to do. `now` is the wall clock.
    void run_once(Timestamp now);

    /// Commits and leaves the group, unless told to stay until its session is over. Bounded by
    /// `timeout`: what cannot be committed by then is processed again later. Does not throw.
    void close(std::chrono::milliseconds timeout, bool leave_group = true);

    /// As a crash would, but that files are closed: nothing is committed. After an exception of
    /// run_once, or to end without waiting. Does not throw.
    void abandon();

    /// Ends a wait in run_once.
    void wake_up();

    /// Runs `work` between two turns; it may use the tasks. Destroys it unrun once the thread has
    /// ended.
    void post(std::function<void(TaskRegistry&)> work);

    /// The next turns give up waiting for Kafka soon: close() is going to be called.
    void request_stop();

    /// Tells all instances, through the group, to stop; waits up to `timeout` until the leader
    /// knows. Closes the tasks dirty. By the thread that drives, after an exception.
    void announce_application_shutdown(std::chrono::milliseconds timeout);

    ThreadMetadata metadata() const;

  private:
    const Settings& settings() const noexcept { return parts_.settings; }

    // ConsumerListener
    std::vector<kafka::StartPosition> on_assigned(
        const std::vector<TopicPartition>& partitions) override;
    void on_revoked(const std::vector<TopicPartition>& partitions) override;
    void on_lost(const std::vector<TopicPartition>& partitions) override;
    void on_partition_error(const TopicPartition& partition, const kafka::Status& status) override;
    void on_error(const kafka::Status& status) override;

    // Turns: stream_thread.cpp.
    void turn(Timestamp now);
    bool ready_to_join();
    void subscribe();
    void poll(Timestamp now);
    std::chrono::milliseconds wait_time(Timestamp now) const;
    std::chrono::nanoseconds monotonic() const { return parts_.clock->monotonic(); }
    void check_while_output_waits() const;
    void process_slice();
    std::size_t process_task(StreamTask& task, std::chrono::nanoseconds slice_end);
    void punctuate();
    bool commit_due(std::chrono::nanoseconds now) const;
    void maybe_commit(std::chrono::nanoseconds now);
    void commit_now(std::chrono::milliseconds timeout);
    void heed_group();
    void summarise(std::chrono::nanoseconds now);
    void settle();
    void tell_of_waiting();
    void run_posted();

    // Tasks coming and going: stream_thread_tasks.cpp.
    std::vector<kafka::StartPosition> take_over(const std::vector<TopicPartition>& partitions);
    std::vector<kafka::CommittedOffset> committed_offsets(
        const std::vector<TopicPartition>& partitions);
    void open_task(TaskId id, std::vector<TopicPartition> inputs,
                   std::vector<kafka::CommittedOffset> committed, bool wipe);
    void give_up(const std::vector<TaskId>& ids);
    bool commit_before_revocation(const std::vector<TaskId>& ids);
    void close_dirty(TaskId id);
    void close_tasks(const std::function<std::chrono::milliseconds()>& left);
    void close_all_dirty();
    void take_restored();
    void complete(TaskRegistry::Entry& entry);
    void retire(std::unique_ptr<StreamTask> task);
    void tasks_changed();

    // Whether tasks and topics are as they must be: stream_thread_checks.cpp.
    void fit_tasks();
    void reopen(TaskId id, bool wipe);
    void wait_for_task(TaskId id);
    void check_topics();

    // Going back to the last commit: stream_thread_recovery.cpp.
    void fall_back(const std::string& why);
    void rebuild(TaskId id, const std::string& why);
    void revive(const std::vector<TaskId>& ids, bool wipe);
    bool try_open(TaskId id);
    void open_later(const std::string& why);
    void forget_inputs(const std::vector<TopicPartition>& partitions);
    void apply_resets();
    void remember_error();
    void drop_output(const std::string& why);
    void deliver_dead_letters(std::chrono::milliseconds timeout);

    void transition_to(ThreadState state);

    Parts parts_;
    Complaints complaints_;
    std::shared_ptr<assignment::PartitionAssignor> assignor_;
    std::unique_ptr<ProducerCollector> collector_;
    std::unique_ptr<kafka::Consumer> consumer_;
    std::unique_ptr<Committer> committer_;
    state::ThreadCache cache_;  // Of the tasks' stores.
    TaskRegistry tasks_;
    std::vector<std::unique_ptr<StreamTask>>
        retired_;            // Kept until nothing of theirs is in flight.
    AssignedInputs inputs_;  // What the tasks are to read.
    bool tasks_fit_ = true;  // They do, as far as is known.
    std::optional<std::chrono::nanoseconds> next_fit_;
    std::set<TaskId> wiped_;  // Of tasks that are not open yet: their files are not to be used.
    std::vector<TopicPartition> resets_;  // Out of range.
    std::uint64_t round_checked_ = 0;     // Of the group, after which topics were looked at.
    bool topics_in_doubt_ = false;        // One is said to be missing.
    int topic_errors_ = 0;                // Since they were right.
    std::chrono::nanoseconds topics_checked_{0};
    std::optional<std::chrono::nanoseconds> next_topic_check_;
    std::exception_ptr listener_error_;
    StreamTask* at_work_ = nullptr;  // Whose code is running.

    std::atomic<ThreadState> state_{ThreadState::kCreated};
    std::atomic<bool> stop_requested_{false};
    bool subscribed_ = false;
    bool more_work_ = false;      // The last slice ended before the work did.
    std::size_t next_task_ = 0;   // Of those running, to process.
    std::size_t next_clock_ = 0;  // Of those running, to punctuate.
    bool shutdown_told_ = false;
    Setbacks setbacks_;
    // Of Clock::monotonic(), as the wall clock may be set.
    std::chrono::nanoseconds last_commit_{0};
    std::optional<std::chrono::nanoseconds> next_attempt_;  // Of a commit, or of joining.
    std::optional<std::chrono::nanoseconds> opening_since_;
    std::chrono::nanoseconds next_reset_{0};
    std::chrono::nanoseconds subscribed_at_{0};
    std::chrono::nanoseconds counts_forgotten_{0};
    std::chrono::nanoseconds summarised_{0};
    std::uint64_t processed_before_ = 0;  // At the last summary.

    std::chrono::milliseconds max_poll_interval_;
    std::chrono::milliseconds slice_;  // How long to work before looking after the group again.

    mutable std::mutex mutex_;  // Guards the rest.
    std::vector<std::function<void(TaskRegistry&)>> posted_;
    std::vector<restore::RestoreResult> restored_;
    std::vector<TaskMetadata> task_metadata_;

    std::shared_ptr<metrics::Counter> processed_;
    std::shared_ptr<metrics::Counter> committed_;
    std::shared_ptr<metrics::Counter> polled_;
};

}  // namespace millrace::runtime
