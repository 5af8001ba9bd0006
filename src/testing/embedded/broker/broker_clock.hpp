// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

namespace millrace::testing::embedded {

/// The embedded broker's time in milliseconds: the system's, or set by a test. Thread-safe.
class BrokerClock {
  public:
    /// With a start, time stays there until it is advanced.
    explicit BrokerClock(std::optional<Timestamp> manual_start)
        : manual_(manual_start.has_value()),
          moved_(manual_start ? milliseconds_of(*manual_start) : 0) {}

    bool manual() const noexcept { return manual_; }

    /// Wall-clock time: for the timestamps of records.
    std::int64_t now() const {
        return manual_ ? moved_.load(std::memory_order_relaxed)
                       : milliseconds_of(system_clock().now());
    }

    /// Monotonic time, for timeouts.
    std::int64_t ticks() const {
        return manual_ ? moved_.load(std::memory_order_relaxed)
                       : std::chrono::duration_cast<std::chrono::milliseconds>(
                             system_clock().monotonic())
                             .count();
    }

    /// Requires manual().
    void advance(std::chrono::milliseconds by) {
        moved_.fetch_add(by.count(), std::memory_order_relaxed);
    }

  private:
    const bool manual_;
    std::atomic<std::int64_t> moved_;
};

}  // namespace millrace::testing::embedded
