// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "assignment/partition_assignor.hpp"
#include "core/clock.hpp"
#include "kafka/consumer.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace millrace::runtime {

/// Rejoins the group when the last assignment asked for it: to find out whether tasks can move now
/// (a probing rebalance), or to join with another version of the member's data.
///
/// Not thread-safe: owned by its stream thread.
class PlannedRejoin {
  public:
    /// All must outlive this.
    struct Parts {
        std::string thread_name{};
        const assignment::PartitionAssignor* assignor = nullptr;
        kafka::Consumer* consumer = nullptr;
        const Clock* clock = nullptr;
    };

    explicit PlannedRejoin(Parts parts) : parts_(std::move(parts)) {}

    /// Rejoins if it is time to. Call it after each poll.
    void check();

  private:
    Parts parts_;
    std::uint64_t round_ = 0;                      // Of the group, for which due_ holds.
    std::optional<std::chrono::nanoseconds> due_;  // Of Clock::monotonic().
};

}  // namespace millrace::runtime
