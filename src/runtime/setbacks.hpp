// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/time.hpp"

#include <algorithm>
#include <chrono>

namespace millrace::runtime {

/// Slows down a thread that falls back to its last commit again and again, as it does when a topic
/// that it writes to does not exist, and tells when that has lasted too long.
///
/// Not thread-safe: owned by its stream thread.
class Setbacks {
  public:
    explicit Setbacks(std::chrono::milliseconds give_up_after) : give_up_after_(give_up_after) {}

    /// One more, at `now`. False when there has been no commit for `give_up_after` since the first.
    bool add(Timestamp now) {
        if (since_ == kNoTimestamp) {
            since_ = now;
            pause_ = kFirstPause;
        } else {
            pause_ = std::min(pause_ * 2, kLongestPause);
        }
        resume_at_ = now + pause_;
        return now - since_ < give_up_after_;
    }

    /// True until it is worth trying again.
    bool pausing(Timestamp now) const { return since_ != kNoTimestamp && now < resume_at_; }

    /// Until when pausing() holds.
    Timestamp resume_at() const noexcept { return resume_at_; }

    /// What was tried succeeded.
    void committed(Timestamp now) {
        if (!pausing(now)) {
            since_ = kNoTimestamp;
        }
    }

  private:
    static constexpr std::chrono::milliseconds kFirstPause{100};
    static constexpr std::chrono::milliseconds kLongestPause{5000};

    std::chrono::milliseconds give_up_after_;
    std::chrono::milliseconds pause_{0};
    Timestamp since_ = kNoTimestamp;
    Timestamp resume_at_ = kNoTimestamp;
};

}  // namespace millrace::runtime
