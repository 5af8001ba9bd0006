// SPDX-License-Identifier: Apache-2.0
#include "client/periodic_jobs.hpp"

#include "core/log.hpp"

#include <exception>
#include <utility>

namespace millrace::client {

void PeriodicJobs::add(std::string what, std::chrono::milliseconds interval,
                       std::function<void()> work) {
    jobs_.push_back({std::move(what), interval, std::move(work), clock_.monotonic()});
}

void PeriodicJobs::run_due() {
    for (Job& job : jobs_) {
        const std::chrono::nanoseconds now = clock_.monotonic();
        if (now - job.last < job.interval) {
            continue;
        }
        job.last = now;
        try {
            job.work();
        } catch (const std::exception& error) {
            log::warn("cannot " + job.what + ", retrying later: " + error.what());
        }
    }
}

}  // namespace millrace::client
