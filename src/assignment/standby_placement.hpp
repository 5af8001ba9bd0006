// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "assignment/assignor_options.hpp"
#include "assignment/cluster.hpp"

#include <map>
#include <set>

namespace millrace::assignment {

/// The processes that are to keep each stateful task up to date, when the tasks run where `active`
/// says: up to standby_replicas for each task, never the one that runs it.
///
/// In this order: instances that differ in their tags from the active one and from each other;
/// those that have the state; those with the least load. Standbys then move from loaded processes
/// to others until no move of one makes the load more even.
std::map<TaskId, std::set<ProcessIndex>> place_standbys(
    const Cluster& cluster, const Progress& progress, const std::map<TaskId, ProcessIndex>& active,
    const AssignorOptions& options);

}  // namespace millrace::assignment
