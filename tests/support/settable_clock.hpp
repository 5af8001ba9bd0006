// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"

namespace millrace::support {

/// Advanced by the test. The wall clock can be set without advancing monotonic time. Not
/// thread-safe.
class SettableClock final : public Clock {
  public:
    explicit SettableClock(Timestamp start = timestamp_of(1'750'000'000'000)) : now_(start) {}

    Timestamp now() const override { return now_; }
    std::chrono::nanoseconds monotonic() const override { return passed_; }

    void advance(std::chrono::milliseconds by) {
        now_ += by;
        passed_ += by;
    }
    void set_back(std::chrono::milliseconds by) { now_ -= by; }

  private:
    Timestamp now_;
    std::chrono::nanoseconds passed_{0};
};

}  // namespace millrace::support
