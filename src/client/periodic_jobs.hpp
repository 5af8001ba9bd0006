// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/driven.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace millrace::client {

/// Jobs of which each runs at an interval, the first time one interval after it was added. A job
/// that fails is logged and runs again after its interval. Owned by one thread.
class PeriodicJobs final : public Driven {
  public:
    /// `clock` must outlive the jobs.
    explicit PeriodicJobs(const Clock& clock) : clock_(clock) {}

    /// `what` completes "cannot …" in the log.
    void add(std::string what, std::chrono::milliseconds interval, std::function<void()> work);

    /// Runs the jobs that are due. Returns the time until the next one is.
    std::chrono::milliseconds run_once(Timestamp now) override;
    void wake_up() override {}

  private:
    struct Job {
        std::string what;
        std::chrono::milliseconds interval;
        std::function<void()> work;
        /// From Clock::monotonic(), because the wall clock may be set.
        std::chrono::nanoseconds last;
    };

    const Clock& clock_;
    std::vector<Job> jobs_;
};

}  // namespace millrace::client
