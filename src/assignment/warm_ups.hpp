// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "assignment/assignor_options.hpp"
#include "assignment/cluster.hpp"

#include <map>
#include <set>

namespace millrace::assignment {

/// The processes of a task.
struct TaskPlaces {
    ProcessIndex active = 0;
    std::set<ProcessIndex> standby{};  ///< Includes warm-ups.
};

/// The assignment while processes catch up.
struct Interim {
    std::map<TaskId, TaskPlaces> tasks{};
    /// The standbys that a move waits for.
    std::map<TaskId, std::set<ProcessIndex>> awaited{};
    bool complete = true;  ///< No move waits.
};

/// Derives the current assignment from the target (`active`, `standby`). If the target process of
/// an active task has not caught up, the task runs on the process with the smallest lag, and the
/// target gets a warm-up. If the target of a standby has not caught up, the former standby stays as
/// well. The group has at most warmup_replicas of these additional copies; other moves wait for a
/// later rebalance.
Interim warm_up(const Cluster& cluster, const Progress& progress,
                const std::map<TaskId, ProcessIndex>& active,
                const std::map<TaskId, std::set<ProcessIndex>>& standby,
                const AssignorOptions& options);

}  // namespace millrace::assignment
