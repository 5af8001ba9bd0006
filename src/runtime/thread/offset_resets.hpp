// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/rate_limited_log.hpp"
#include "kafka/consumer.hpp"
#include "runtime/thread/start_positions.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace millrace::runtime {

/// Partitions whose next record no longer exists in Kafka: continues in them as the reset policy
/// says.
///
/// Not thread-safe: owned by its stream thread.
class OffsetResets {
  public:
    /// All must outlive this. `thread_name` is for the log.
    OffsetResets(std::string thread_name, const StartPositions& start_positions,
                 kafka::Consumer& consumer, const Clock& clock, RateLimitedLog& log);

    void add(const TopicPartition& partition) { partitions_.push_back(partition); }

    /// The partition was sought elsewhere in the meantime.
    void remove(const TopicPartition& partition) { std::erase(partitions_, partition); }

    /// Seeks in each partition; a later call retries failed seeks. Throws KafkaError if the policy
    /// is none.
    void apply();

    /// When apply has something to do, from Clock::monotonic().
    std::optional<std::chrono::nanoseconds> next_attempt() const;

  private:
    std::string thread_name_;
    const StartPositions& start_positions_;
    kafka::Consumer& consumer_;
    const Clock& clock_;
    RateLimitedLog& log_;
    std::vector<TopicPartition> partitions_;
    std::chrono::nanoseconds next_attempt_{0};
};

}  // namespace millrace::runtime
