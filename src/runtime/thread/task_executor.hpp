// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "kafka/consumer.hpp"
#include "metrics/registry.hpp"
#include "runtime/commit/committer.hpp"
#include "runtime/commit/producer_collector.hpp"
#include "runtime/thread/open_tasks.hpp"
#include "runtime/thread/restart_backoff.hpp"
#include "runtime/thread/thread_settings.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace millrace::runtime {

/// Runs the tasks of a stream thread: processes the records of one task after the other, calls
/// punctuators, commits on the interval. Times are from Clock::monotonic(), because the wall clock
/// may be set.
///
/// Errors: TaskFailure if the state of a task is damaged, RestartFromCommit, KafkaError if nothing
/// can be committed for task.timeout.ms, and the exceptions of the tasks. Not thread-safe: owned by
/// its stream thread.
class TaskExecutor {
  public:
    /// All must outlive the executor.
    struct Parts {
        const ThreadSettings* settings = nullptr;
        const Clock* clock = nullptr;
        const std::atomic<bool>* stop_requested = nullptr;
        kafka::Consumer* consumer = nullptr;
        ProducerCollector* collector = nullptr;
        OpenTasks* tasks = nullptr;
        RestartBackoff* backoff = nullptr;
        std::function<bool()> all_assigned_open{};  ///< AssignedTasks::complete.
        std::function<bool()> joining{};            ///< PartitionAssignor::joining.
        std::shared_ptr<metrics::Counter> processed{};
        std::shared_ptr<metrics::Counter> commits{};

        /// How long to work before the thread polls its group again.
        std::chrono::nanoseconds slice{};
    };

    explicit TaskExecutor(Parts parts);

    /// Processes records for up to a slice.
    void process();

    /// Calls the due punctuators, for up to a slice.
    void punctuate();

    /// Commits when the interval has passed, when a task requests it, or when too much is
    /// uncommitted. A transaction waits a moment while the member joins the group: its offsets
    /// might reach Kafka with an outdated generation, and the tasks would restart.
    void maybe_commit();

    /// Commits the tasks that need it, waiting up to `timeout` for Kafka.
    Committer::Outcome commit(std::chrono::milliseconds timeout);

    /// How long the thread may wait for records, up to `at_most`. `now` is the wall clock.
    std::chrono::milliseconds wait(Timestamp now, std::chrono::milliseconds at_most) const;

    /// The number of records so far.
    std::uint64_t processed() const { return parts_.processed->value(); }

  private:
    std::size_t process_task(StreamTask& task, std::chrono::nanoseconds slice_end);
    bool commit_due(std::chrono::nanoseconds now) const;
    bool waits_for_join(std::chrono::nanoseconds now);
    bool caught_up() const;
    std::chrono::nanoseconds monotonic() const { return parts_.clock->monotonic(); }

    Parts parts_;
    Committer committer_;
    bool more_work_ = false;      // The last slice ended before the work was done.
    std::size_t next_task_ = 0;   // The next running task to process.
    std::size_t next_clock_ = 0;  // The next running task to punctuate.
    std::chrono::nanoseconds last_commit_;
    std::optional<std::chrono::nanoseconds> next_attempt_;   // Of a failed commit.
    std::optional<std::chrono::nanoseconds> joining_since_;  // Only with transactions.
};

}  // namespace millrace::runtime
