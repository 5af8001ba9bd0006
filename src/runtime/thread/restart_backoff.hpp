// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

namespace millrace::runtime {

/// Slows down a thread that restarts from its last commit repeatedly, for example because an output
/// topic does not exist, and reports when that has lasted too long. All times are from
/// Clock::monotonic().
///
/// Not thread-safe: owned by its stream thread.
class RestartBackoff {
  public:
    explicit RestartBackoff(std::chrono::milliseconds give_up_after)
        : give_up_after_(give_up_after) {}

    /// One more, at `now`. False if there has been no success for `give_up_after` since the first.
    bool add(std::chrono::nanoseconds now) {
        if (!since_) {
            since_ = now;
            pause_ = kFirstPause;
        } else {
            pause_ = std::min(pause_ * 2, kLongestPause);
        }
        resume_at_ = now + pause_;
        return now - *since_ < give_up_after_;
    }

    /// True during the backoff.
    bool pausing(std::chrono::nanoseconds now) const { return since_ && now < resume_at_; }

    /// The end of the backoff.
    std::chrono::nanoseconds resume_at() const noexcept { return resume_at_; }

    /// The attempt succeeded, or there is nothing left to attempt.
    void succeeded(std::chrono::nanoseconds now) {
        if (!pausing(now)) {
            since_.reset();
        }
    }

  private:
    static constexpr std::chrono::milliseconds kFirstPause{100};
    static constexpr std::chrono::milliseconds kLongestPause{5000};

    std::chrono::milliseconds give_up_after_;
    std::chrono::milliseconds pause_{0};
    std::optional<std::chrono::nanoseconds> since_;
    std::chrono::nanoseconds resume_at_{0};
};

}  // namespace millrace::runtime
