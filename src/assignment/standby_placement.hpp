// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "assignment/assignor_options.hpp"
#include "assignment/cluster.hpp"

#include <map>
#include <set>

namespace millrace::assignment {

/// Places up to standby_replicas standbys of each stateful task, never on the process of its active
/// task.
///
/// Prefers processes whose tags differ from the tags of the active task and of the other standbys,
/// then processes that have the state, then the least loaded ones. Afterwards moves standbys to
/// less loaded processes while a single move evens out the load.
std::map<TaskId, std::set<ProcessIndex>> place_standbys(
    const Cluster& cluster, const Progress& progress, const std::map<TaskId, ProcessIndex>& active,
    const AssignorOptions& options);

}  // namespace millrace::assignment
