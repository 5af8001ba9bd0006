// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "assignment/partition_assignor.hpp"
#include "core/clock.hpp"
#include "core/task_lag.hpp"
#include "kafka/consumer.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace millrace::runtime {

/// Rejoins the group when the last assignment asked for it: to find out whether tasks can move now
/// (a probing rebalance), because a task can move now, or to join with another version of the
/// member's data.
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
        std::function<TaskLags()> lags{};  ///< Of the tasks whose state this process has.
    };

    explicit PlannedRejoin(Parts parts) : parts_(std::move(parts)) {}

    /// Rejoins if it is time to. Call it after each poll.
    void check();

  private:
    bool caught_up() const;

    Parts parts_;
    assignment::PartitionAssignor::Rejoin wanted_{};
    // Of Clock::monotonic().
    std::optional<std::chrono::nanoseconds> due_;
    std::chrono::nanoseconds next_look_{0};  // At the lags of awaited tasks.
};

}  // namespace millrace::runtime
