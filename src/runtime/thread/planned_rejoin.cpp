// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/planned_rejoin.hpp"

#include "core/log.hpp"

namespace millrace::runtime {

void PlannedRejoin::check() {
    const auto wanted = parts_.assignor->rejoin();
    const auto now = parts_.clock->monotonic();
    if (wanted.round != round_) {
        round_ = wanted.round;
        due_ = wanted.after ? std::optional(now + *wanted.after) : std::nullopt;
    }
    if (!due_ || now < *due_) {
        return;
    }
    due_.reset();
    log::info(parts_.thread_name + ": rejoining the group, as its leader asked");
    const kafka::Status status = parts_.consumer->request_rebalance();
    if (!status.ok()) {
        log::warn(parts_.thread_name + ": cannot rejoin the group: " + status.message());
    }
}

}  // namespace millrace::runtime
