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

/// Triggers the rebalances that the last assignment requested: a probing rebalance, a rebalance
/// because a warm-up has caught up, or one to send another version of the user data.
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
        std::function<TaskLags()> lags{};  ///< Of all tasks whose state this process has.
    };

    explicit PlannedRejoin(Parts parts) : parts_(std::move(parts)) {}

    /// Triggers a rebalance if one is due. Call it after each poll.
    void check();

  private:
    bool caught_up() const;

    Parts parts_;
    assignment::PartitionAssignor::Rejoin wanted_{};
    // Of Clock::monotonic().
    std::optional<std::chrono::nanoseconds> due_;
    std::chrono::nanoseconds next_urgent_{0};
    std::chrono::nanoseconds next_look_{0};  // When the lags of awaited tasks are read.
};

}  // namespace millrace::runtime
