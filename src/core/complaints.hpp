// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/log.hpp"

#include <chrono>
#include <map>
#include <string>

namespace millrace {

/// Logs a recurring warning without flooding the log: each text at most once in ten seconds. Not
/// thread-safe.
class Complaints {
  public:
    /// `clock` must outlive this.
    explicit Complaints(const Clock& clock) : clock_(&clock) {}

    void warn(const std::string& what) {
        const auto now = clock_->monotonic();
        if (said_.size() > kRemembered) {
            said_.clear();
        }
        const auto [entry, first] = said_.try_emplace(what, now);
        if (first || now - entry->second >= kBetween) {
            entry->second = now;
            log::warn(what);
        }
    }

  private:
    static constexpr std::chrono::seconds kBetween{10};
    static constexpr std::size_t kRemembered = 100;

    const Clock* clock_;
    std::map<std::string, std::chrono::nanoseconds>
        said_;  // Time of the last warning, from Clock::monotonic().
};

}  // namespace millrace
