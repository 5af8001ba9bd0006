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

/// Commits tasks: caches flushed, everything sent and acknowledged, offsets committed with their
/// metadata, then the state made durable with the changelog's acknowledged offsets. In this order a
/// crash at any point loses nothing.
///
/// The place of exactly-once: the same steps, with the offsets sent to a transaction.
/// Owned by its stream thread.
class Committer {
  public:
    enum class Outcome {
        kDone,
        kNothing,  ///< No task had anything to commit.
        kLater,    ///< Kafka does not answer, or we are between two assignments: try again.
    };

    /// All must outlive the committer.
    Committer(kafka::Consumer& consumer, ProducerCollector& collector, const Clock& clock,
              std::chrono::milliseconds task_timeout);

    /// Commits those of `tasks` that need it, waiting up to `timeout` for Kafka. Throws
    /// RestartFromCommit when another member has our identity; KafkaError when Kafka refuses, or
    /// has not answered for task.timeout.ms; TaskFailure; what the tasks and the collector throw.
    Outcome commit(std::span<StreamTask* const> tasks, std::chrono::milliseconds timeout);

    /// True while the last attempt has failed.
    bool failing() const noexcept { return failing_since_.has_value(); }

  private:
    void keep_current(std::span<StreamTask* const> tasks);
    Outcome later(const std::string& why);

    kafka::Consumer& consumer_;
    ProducerCollector& collector_;
    const Clock& clock_;
    std::chrono::milliseconds task_timeout_;
    RateLimitedLog log_;
    std::optional<std::chrono::nanoseconds> failing_since_;  // Of Clock::monotonic().
    std::vector<kafka::OffsetCommit> offsets_;               // Reused.
    std::vector<StreamTask*> committing_;                    // Reused.
};

}  // namespace millrace::runtime
