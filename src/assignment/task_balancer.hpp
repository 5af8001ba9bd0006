// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/task_id.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace millrace::assignment {

/// A stream thread that can run tasks.
struct ThreadCapacity {
    std::string process;
    std::set<TaskId> running;  ///< Tasks that it currently runs.
};

/// The input of the balancer.
struct BalanceInput {
    std::set<TaskId> tasks;                           ///< All tasks that must run.
    std::map<std::string, ThreadCapacity> threads;    ///< By member name.
    std::map<std::string, std::set<TaskId>> on_disk;  ///< By process: tasks with state on disk.
};

/// Assigns every task to exactly one thread.
///
/// Balanced: the task counts of any two threads differ by at most one, and so do their counts of
/// tasks of any one sub-topology, because one sub-topology may do most of the work. Sticky: within
/// that limit, a task stays on the thread that runs it, otherwise on a thread of the process that
/// runs it, otherwise it goes to a process that has its state. The result depends on the input
/// only. Requires at least one thread, unless there are no tasks.
///
/// Corresponds to Kafka Streams' high-availability assignor, which also gets the lags of tasks.
std::map<std::string, std::vector<TaskId>> balance(const BalanceInput& input);

}  // namespace millrace::assignment
