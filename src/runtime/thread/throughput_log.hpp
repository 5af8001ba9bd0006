// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/log.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace millrace::runtime {

/// Logs what a stream thread has processed, once per log.summary.interval.ms.
///
/// Not thread-safe: owned by its stream thread.
class ThroughputLog {
  public:
    /// Logs nothing if `interval` is 0. `now` is from Clock::monotonic(), here and below.
    ThroughputLog(std::string thread_name, std::chrono::milliseconds interval,
                  std::chrono::nanoseconds now)
        : thread_name_(std::move(thread_name)), interval_(interval), logged_(now) {}

    /// `processed`: records so far. `running` of the thread's `tasks` are running.
    void write(std::chrono::nanoseconds now, std::uint64_t processed, std::size_t running,
               std::size_t tasks) {
        if (interval_ <= std::chrono::milliseconds{0} || now - logged_ < interval_) {
            return;
        }
        const auto seconds =
            std::chrono::duration_cast<std::chrono::seconds>(now - std::exchange(logged_, now));
        log::info(thread_name_ + ": processed " +
                  std::to_string(processed - std::exchange(processed_, processed)) +
                  " records in the last " + std::to_string(seconds.count()) + " s, " +
                  std::to_string(running) + " of " + std::to_string(tasks) + " tasks running");
    }

  private:
    std::string thread_name_;
    std::chrono::milliseconds interval_;
    std::chrono::nanoseconds logged_;
    std::uint64_t processed_ = 0;
};

}  // namespace millrace::runtime
