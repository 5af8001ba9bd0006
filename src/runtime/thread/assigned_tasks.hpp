// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/rate_limited_log.hpp"
#include "kafka/consumer.hpp"
#include "runtime/commit/committer.hpp"
#include "runtime/commit/producer_collector.hpp"
#include "runtime/thread/assigned_inputs.hpp"
#include "runtime/thread/offset_resets.hpp"
#include "runtime/thread/open_tasks.hpp"
#include "runtime/thread/pending_error.hpp"
#include "runtime/thread/start_positions.hpp"
#include "runtime/thread/task_maker.hpp"
#include "runtime/thread/thread_settings.hpp"
#include "runtime/thread/thread_state_machine.hpp"
#include "runtime/thread/topic_checks.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace millrace::runtime {

/// Makes the open tasks of a stream thread follow from the partitions that the group has assigned
/// to it: opens tasks, gives them new inputs, closes those whose partitions are revoked or lost.
///
/// What cannot be done within a rebalance is done by add_new_inputs in a later turn: a task that
/// another thread still has, committed offsets that Kafka does not tell.
///
/// Not thread-safe: owned by its stream thread.
class AssignedTasks final : public kafka::ConsumerListener {
  public:
    /// All must outlive this.
    struct Parts {
        const ThreadSettings* settings = nullptr;
        const TaskMaker* task_maker = nullptr;
        const StartPositions* start_positions = nullptr;
        const Clock* clock = nullptr;
        const std::atomic<bool>* stop_requested = nullptr;
        RateLimitedLog* log = nullptr;
        ThreadStateMachine* states = nullptr;
        kafka::Consumer* consumer = nullptr;
        ProducerCollector* collector = nullptr;
        OpenTasks* tasks = nullptr;
        TopicChecks* topics = nullptr;

        /// Commits the running tasks: TaskExecutor::commit.
        std::function<Committer::Outcome(std::chrono::milliseconds timeout)> commit{};

        /// How long to wait for committed offsets: the group expects to be polled meanwhile.
        std::chrono::milliseconds offsets_timeout{};
    };

    explicit AssignedTasks(Parts parts);

    // ConsumerListener. What fails in these calls throw_pending throws.
    std::vector<kafka::StartPosition> on_assigned(
        const std::vector<TopicPartition>& partitions) override;
    void on_revoked(const std::vector<TopicPartition>& partitions) override;
    void on_lost(const std::vector<TopicPartition>& partitions) override;
    void on_partition_error(const TopicPartition& partition, const kafka::Status& status) override;
    void on_error(const kafka::Status& status) override;

    /// Throws what has failed in calls of the consumer's. To be called after each of its polls.
    void throw_pending() { pending_.throw_pending(); }

    /// Opens assigned tasks that are not open yet, and restarts tasks whose inputs have changed.
    /// Throws KafkaError when Kafka has not answered for task.timeout.ms.
    void add_new_inputs();

    /// Where the records at the offset of a partition are gone, goes on as the reset policy says.
    void apply_resets() { resets_.apply(); }

    /// Starts tasks again from their last commit; with empty stores when `wipe`.
    void restart_tasks(const std::vector<TaskId>& ids, bool wipe);

    /// Whether every assigned task is open and reads all its inputs.
    bool complete() const noexcept { return complete_; }

    /// When add_new_inputs or apply_resets has something to try again, of Clock::monotonic().
    std::optional<std::chrono::nanoseconds> next_attempt() const;

  private:
    const std::string& name() const noexcept { return parts_.settings->name; }
    TaskRegistry& registry() noexcept { return parts_.tasks->registry(); }

    std::vector<kafka::StartPosition> add_assigned(const std::vector<TopicPartition>& partitions);
    kafka::Result<std::vector<kafka::CommittedOffset>> committed_offsets(
        const std::vector<TopicPartition>& partitions);
    void open(TaskId id, std::vector<TopicPartition> inputs,
              std::vector<kafka::CommittedOffset> committed);
    bool reopen(TaskId id);
    void wait_for_task(TaskId id);
    void postpone(const std::string& why);
    void close_revoked(const std::vector<TaskId>& ids);
    bool commit_before_revocation(const std::vector<TaskId>& ids);
    void remove_inputs(const std::vector<TopicPartition>& partitions);
    void drop_output(const std::string& why);

    Parts parts_;
    AssignedInputs inputs_;   // What the tasks are to read.
    bool complete_ = true;    // The open tasks do.
    std::set<TaskId> wiped_;  // Of tasks that are not open yet: their files are not to be used.
    OffsetResets resets_;
    PendingError pending_;
    // Of Clock::monotonic().
    std::optional<std::chrono::nanoseconds> next_open_;
    std::optional<std::chrono::nanoseconds> postponed_since_;
};

}  // namespace millrace::runtime
