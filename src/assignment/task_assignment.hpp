// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "assignment/assignor_options.hpp"
#include "assignment/cluster.hpp"

#include <map>
#include <string>
#include <vector>

namespace millrace::assignment {

/// The tasks of a member, sorted.
struct MemberTasks {
    std::vector<TaskId> active{};
    std::vector<TaskId> standby{};  ///< Includes warm-ups.
    std::vector<TaskId> awaited{};  ///< Standbys that a move waits for.
};

struct TaskAssignment {
    std::map<std::string, MemberTasks> members{};  ///< By member id.

    /// False: a move waits until a process has caught up. Assign again later.
    bool complete = true;
};

/// Assigns each task to one thread as active task, and its standbys to other processes. Follows the
/// rules of Kafka Streams' HighAvailabilityTaskAssignor:
///
/// * Active tasks are balanced over the processes in proportion to their threads: stateful tasks,
///   all tasks, and the tasks of each sub-topology, because one sub-topology may do most of the
///   work. As few tasks as possible move.
/// * A stateful task moves to its new process when that process has caught up. Until then, it runs
///   on the process with the smallest lag, and its new process has a warm-up.
/// * Standbys are on the least loaded other processes, in different racks by their tags.
/// * Within a process, tasks are balanced over the threads, and stay on their thread if possible.
///
/// Deterministic. Without processes, the result is empty.
TaskAssignment assign_tasks(const Cluster& cluster, const AssignorOptions& options);

}  // namespace millrace::assignment
