// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/rate_limited_log.hpp"
#include "kafka/consumer.hpp"
#include "runtime/commit/producer_collector.hpp"
#include "runtime/task/stream_task.hpp"

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace millrace::runtime {

/// Commits tasks: flushes the caches, waits until everything is sent and acknowledged, commits the
/// offsets with their metadata, then makes the state durable with the acknowledged changelog
/// offsets. In this order a crash at any point loses nothing. With exactly-once, the offsets are
/// committed with the transaction of the output. Owned by its stream thread.
class Committer {
  public:
    enum class Outcome {
        kDone,
        kNothing,  ///< No task had changes to commit.
        kLater,    ///< Kafka does not respond, or a rebalance is in progress: retry.
    };

    /// All must outlive the committer.
    Committer(kafka::Consumer& consumer, ProducerCollector& collector, const Clock& clock,
              std::chrono::milliseconds task_timeout);

    /// Commits the `tasks` that need it, waiting up to `timeout` for Kafka. Throws
    /// RestartFromCommit if this member is fenced, and as OutputTransaction::commit does;
    /// KafkaError if Kafka refuses, or has not responded for task.timeout.ms; TaskFailure; and the
    /// exceptions of tasks and collector.
    Outcome commit(std::span<StreamTask* const> tasks, std::chrono::milliseconds timeout);

    /// True if the last attempt has failed.
    bool failing() const noexcept { return failing_since_.has_value(); }

  private:
    kafka::Status commit_offsets(std::chrono::milliseconds timeout);
    void keep_current(std::span<StreamTask* const> tasks);
    Outcome later(const std::string& why);

    kafka::Consumer& consumer_;
    ProducerCollector& collector_;
    const Clock& clock_;
    std::chrono::milliseconds task_timeout_;
    RateLimitedLog log_;
    std::optional<std::chrono::nanoseconds> failing_since_;  // From Clock::monotonic().
    std::vector<kafka::OffsetCommit> offsets_;               // Reused buffer.
    std::vector<StreamTask*> committing_;                    // Reused buffer.
};

}  // namespace millrace::runtime
