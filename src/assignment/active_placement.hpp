// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "assignment/assignor_options.hpp"
#include "assignment/cluster.hpp"

#include <map>

namespace millrace::assignment {

/// The process that is to run each task when all state is where it must be: balanced over the
/// processes by their threads, and of all balanced placements one that moves the fewest tasks from
/// where they run, and of these, one with the least state to restore.
std::map<TaskId, ProcessIndex> place_active(const Cluster& cluster, const Progress& progress,
                                            const AssignorOptions& options);

}  // namespace millrace::assignment
