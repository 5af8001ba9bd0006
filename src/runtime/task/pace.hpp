// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace millrace::runtime {

/// How many records a task processes between two reads of the clock: as many as take about a
/// millisecond at the current speed. Slow records are measured one by one, and fast ones do not pay
/// for the clock.
///
/// Not thread-safe: owned by its task.
class Pace {
  public:
    std::size_t records() const noexcept { return records_; }

    /// `time` is the duration of processing that many records.
    void took(std::size_t records, std::chrono::nanoseconds time) noexcept {
        if (time > kBetweenLooks) {
            records_ = std::max<std::size_t>(
                1, records_ * static_cast<std::size_t>(kBetweenLooks.count()) /
                       static_cast<std::size_t>(time.count()));
        } else if (records >= records_ && time < kBetweenLooks / 2) {
            records_ = std::min(records_ * 2, kMost);
        }
    }

  private:
    static constexpr std::chrono::nanoseconds kBetweenLooks{1'000'000};

    // A limit in case records suddenly become slow.
    static constexpr std::size_t kMost = 128;

    std::size_t records_ = 1;
};

}  // namespace millrace::runtime
