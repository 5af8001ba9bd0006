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
    std::vector<TaskId> standby{};  ///< Warm-ups, too.
    std::vector<TaskId> awaited{};  ///< Those that something waits for to be caught up.
};

struct TaskAssignment {
    std::map<std::string, MemberTasks> members{};  ///< Of all threads.

    /// Whether tasks wait for processes that are not caught up: assign again after a while.
    bool complete = true;
};

/// Assigns every task to exactly one thread to run, and to others to be kept up to date, by the
/// rules of Kafka Streams' high-availability assignor:
///
/// * Tasks are balanced over the processes by their threads: stateful ones, all, and those of each
///   sub-topology, because one sub-topology may do most of the work. No task moves that need not.
/// * A stateful task runs where it is to run as soon as that process is caught up. Until then, it
///   runs on the process that is furthest, and its own one warms up.
/// * Standbys are on other processes, in different racks by their tags, with the least load.
/// * Within a process, tasks are balanced over its threads, and stay on the thread that has them.
///
/// The result depends on the input only. Without a process, there are no members.
TaskAssignment assign_tasks(const Cluster& cluster, const AssignorOptions& options);

}  // namespace millrace::assignment
