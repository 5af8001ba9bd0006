// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/time.hpp"

#include <chrono>

namespace millrace {

/// The interface to clocks. Thread-safe.
class Clock {
  public:
    virtual ~Clock() = default;

    /// Wall-clock time.
    virtual Timestamp now() const = 0;

    /// Monotonic time from an arbitrary start, for intervals and latencies.
    virtual std::chrono::nanoseconds monotonic() const = 0;
};

/// The clock of the operating system, which is never destroyed; in a simulation, the clock of that.
Clock& system_clock();

/// A clock that a test advances. Wall clock and monotonic time advance together.
class ManualClock final : public Clock {
  public:
    explicit ManualClock(Timestamp start = timestamp_of(0)) : now_(start) {}

    Timestamp now() const override { return now_; }
    std::chrono::nanoseconds monotonic() const override { return now_.time_since_epoch(); }

    void advance(std::chrono::milliseconds by) { now_ += by; }

  private:
    Timestamp now_;
};

}  // namespace millrace
