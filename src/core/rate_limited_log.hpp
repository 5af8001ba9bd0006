// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/log.hpp"

#include <chrono>
#include <map>
#include <string>

namespace millrace {

/// Logs warnings that may repeat: the same text at most once in ten seconds.
/// Not thread-safe.
class RateLimitedLog {
  public:
    /// `clock` must outlive this.
    explicit RateLimitedLog(const Clock& clock) : clock_(&clock) {}

    void warn(const std::string& text) {
        const auto now = clock_->monotonic();
        if (logged_.size() > kRemembered) {
            logged_.clear();
        }
        const auto [entry, first] = logged_.try_emplace(text, now);
        if (first || now - entry->second >= kInterval) {
            entry->second = now;
            log::warn(text);
        }
    }

  private:
    static constexpr std::chrono::seconds kInterval{10};
    static constexpr std::size_t kRemembered = 100;

    const Clock* clock_;
    std::map<std::string, std::chrono::nanoseconds> logged_;  // When, of Clock::monotonic().
};

}  // namespace millrace
