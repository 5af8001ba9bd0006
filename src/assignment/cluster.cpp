// SPDX-License-Identifier: Apache-2.0
#include "assignment/cluster.hpp"

#include <algorithm>
#include <bit>

namespace millrace::assignment {

bool MemberProcess::runs(TaskId task) const {
    return std::any_of(threads.begin(), threads.end(),
                       [task](const MemberThread& thread) { return thread.active.contains(task); });
}

bool MemberProcess::stands_by(TaskId task) const {
    return std::any_of(threads.begin(), threads.end(), [task](const MemberThread& thread) {
        return thread.standby.contains(task);
    });
}

TaskLag Progress::behind(ProcessIndex index, TaskId task) const {
    const MemberProcess& process = cluster_.processes[index];
    const auto lag = process.lags.find(task);
    if (lag != process.lags.end() && lag->second != kUnknownLag) {
        return std::min(lag->second, kUnknown - 1);
    }
    // Members of version 1 send no lags; they have the state of the tasks that they run.
    if (process.runs(task) && (lag == process.lags.end() || !process.replicates)) {
        return 0;
    }
    return lag == process.lags.end() ? kNone : kUnknown;
}

bool Progress::caught_up(ProcessIndex process, TaskId task) const {
    const auto size = cluster_.sizes.find(task);
    return behind(process, task) <= acceptable_lag_ ||
           (size != cluster_.sizes.end() && size->second <= acceptable_lag_);
}

std::int64_t Progress::steps(ProcessIndex process, TaskId task) const {
    const TaskLag lag = behind(process, task);
    if (lag <= acceptable_lag_) {
        return 0;
    }
    if (lag >= kUnknown) {
        return lag == kNone ? kMostSteps : kMostSteps - 1;
    }
    // One step for each doubling of the lag.
    return std::min(static_cast<std::int64_t>(std::bit_width(static_cast<std::uint64_t>(lag))),
                    kMostSteps - 2);
}

}  // namespace millrace::assignment
