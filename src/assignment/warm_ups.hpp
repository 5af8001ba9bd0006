// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "assignment/assignor_options.hpp"
#include "assignment/cluster.hpp"

#include <map>
#include <set>

namespace millrace::assignment {

/// The processes that have a task.
struct TaskPlaces {
    ProcessIndex active = 0;
    std::set<ProcessIndex> standby{};  ///< Warm-ups, too.
};

/// What processes do until the state is where it must be.
struct Interim {
    std::map<TaskId, TaskPlaces> tasks{};
    /// Those of the standbys that something waits for.
    std::map<TaskId, std::set<ProcessIndex>> awaited{};
    bool complete = true;  ///< Nothing waits for state.
};

/// Starts from where tasks are to run and to be kept in the end. A task whose process is not caught
/// up runs on the one that is furthest, and its process warms up meanwhile; a standby that is not
/// caught up is kept where it was. There are at most warmup_replicas in all; what gets none waits
/// for the next rebalance.
Interim warm_up(const Cluster& cluster, const Progress& progress,
                const std::map<TaskId, ProcessIndex>& active,
                const std::map<TaskId, std::set<ProcessIndex>>& standby,
                const AssignorOptions& options);

}  // namespace millrace::assignment
