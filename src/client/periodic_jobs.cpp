// SPDX-License-Identifier: Apache-2.0
#include "client/periodic_jobs.hpp"

#include "core/log.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace millrace::client {

void PeriodicJobs::add(std::string what, std::chrono::milliseconds interval,
                       std::function<void()> work) {
    jobs_.push_back({std::move(what), interval, std::move(work), clock_.monotonic()});
}

std::chrono::milliseconds PeriodicJobs::run_once(Timestamp) {
    std::chrono::milliseconds wait = kUntilWoken;
    for (Job& job : jobs_) {
        const std::chrono::nanoseconds now = clock_.monotonic();
        if (now - job.last >= job.interval) {
            job.last = now;
            try {
                job.work();
            } catch (const std::exception& error) {
                log::warn("cannot " + job.what + ", retrying later: " + error.what());
            }
        }
        wait = std::min(wait, std::chrono::ceil<std::chrono::milliseconds>(job.last + job.interval -
                                                                           clock_.monotonic()));
    }
    return wait;
}

}  // namespace millrace::client
