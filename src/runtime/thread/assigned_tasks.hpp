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

/// Makes the open tasks of a stream thread match the partitions that the group has assigned to it:
/// opens tasks, adds new inputs, closes tasks whose partitions are revoked or lost.
///
/// In a later turn, add_new_inputs does what cannot be done within a rebalance: opening a task that
/// another thread still has, or whose committed offsets Kafka does not return.
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

        /// The timeout of each request in a rebalance, a share of max.poll.interval.ms: the group
        /// removes a member that does not poll for longer.
        std::chrono::milliseconds rebalance_timeout{};
    };

    explicit AssignedTasks(Parts parts);

    // ConsumerListener. throw_pending rethrows the errors of these calls.
    std::vector<kafka::StartPosition> on_assigned(
        const std::vector<TopicPartition>& partitions) override;
    void on_revoked(const std::vector<TopicPartition>& partitions) override;
    void on_lost(const std::vector<TopicPartition>& partitions) override;
    void on_partition_error(const TopicPartition& partition, const kafka::Status& status) override;
    void on_error(const kafka::Status& status) override;

    /// Rethrows the errors of the consumer's calls. Call it after each poll.
    void throw_pending() { pending_.throw_pending(); }

    /// Opens assigned tasks that are not open yet, and restarts tasks whose inputs have changed.
    /// Throws KafkaError if Kafka has not responded for task.timeout.ms.
    void add_new_inputs();

    /// If the records at the offset of a partition no longer exist, continues as the reset policy
    /// says.
    void apply_resets() { resets_.apply(); }

    /// Restarts tasks from their last commit; with empty stores if `wipe`.
    void restart_tasks(const std::vector<TaskId>& ids, bool wipe);

    /// What this thread must run, as the consumer has reported it.
    const AssignedInputs& inputs() const noexcept { return inputs_; }

    /// Whether every assigned task is open and reads all its inputs.
    bool complete() const noexcept { return complete_; }

    /// Whether partitions are being revoked and the time for their last output is over.
    bool revocation_is_late() const {
        return output_until_ && parts_.clock->monotonic() >= *output_until_;
    }

    /// When add_new_inputs or apply_resets has something to retry, from Clock::monotonic().
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
    AssignedInputs inputs_;   // The partitions that the tasks must read.
    bool complete_ = true;    // The open tasks match the assignment.
    std::set<TaskId> wiped_;  // For tasks that are not open yet: their files must not be used.
    OffsetResets resets_;
    PendingError pending_;
    // Of Clock::monotonic().
    std::optional<std::chrono::nanoseconds> next_open_;
    std::optional<std::chrono::nanoseconds> postponed_since_;
    std::optional<std::chrono::nanoseconds> output_until_;  // Only within a revocation.
};

}  // namespace millrace::runtime
