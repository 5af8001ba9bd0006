// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "assignment/assignor_options.hpp"
#include "assignment/cluster.hpp"

#include <map>

namespace millrace::assignment {

/// The process of each active task, regardless of whether it has the state yet. Tasks are balanced
/// over the processes in proportion to their threads. Among all balanced placements, the result
/// moves the fewest running tasks; among those, it restores the least state. With a rack strategy,
/// its costs come first, and kMinTraffic does not balance sub-topologies.
std::map<TaskId, ProcessIndex> place_active(const Cluster& cluster, const Progress& progress,
                                            const AssignorOptions& options);

}  // namespace millrace::assignment
