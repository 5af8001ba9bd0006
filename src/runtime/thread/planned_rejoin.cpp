// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/planned_rejoin.hpp"

#include "core/log.hpp"

#include <algorithm>

namespace millrace::runtime {

namespace {

/// How often the lags of awaited tasks are read.
constexpr std::chrono::milliseconds kBetweenLooks{100};

/// The minimum time between two rebalances for awaited tasks.
constexpr std::chrono::seconds kBetweenRejoins{5};

/// The minimum time between two rebalances that the leader requests without delay: a slow member
/// must be able to complete one.
constexpr std::chrono::seconds kBetweenUrgent{1};

}  // namespace

void PlannedRejoin::check() {
    const auto now = parts_.clock->monotonic();
    if (parts_.assignor->rounds() != wanted_.round) {
        wanted_ = parts_.assignor->rejoin();
        due_ = wanted_.after ? std::optional(now + *wanted_.after) : std::nullopt;
        if (due_ == now) {
            due_ = std::max(now, next_urgent_);
            next_urgent_ = *due_ + kBetweenUrgent;
        }
    }
    if (!wanted_.awaited.empty() && now >= next_look_) {
        next_look_ = now + kBetweenLooks;
        if (caught_up()) {
            due_ = now;
            wanted_.awaited.clear();
            next_look_ = now + kBetweenRejoins;
        }
    }
    if (!due_ || now < *due_) {
        return;
    }
    due_.reset();
    log::info(parts_.thread_name + ": rejoining the group, as requested by the group leader");
    const kafka::Status status = parts_.consumer->request_rebalance();
    if (!status.ok()) {
        log::warn(parts_.thread_name + ": cannot rejoin the group: " + status.message());
    }
}

bool PlannedRejoin::caught_up() const {
    const TaskLags lags = parts_.lags ? parts_.lags() : TaskLags{};
    return std::all_of(wanted_.awaited.begin(), wanted_.awaited.end(), [&](const TaskId& task) {
        const auto lag = lags.find(task);
        return lag != lags.end() && lag->second != kUnknownLag &&
               lag->second <= wanted_.acceptable_lag;
    });
}

}  // namespace millrace::runtime
