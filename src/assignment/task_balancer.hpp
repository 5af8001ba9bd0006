// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/task_id.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace millrace::assignment {

/// One stream thread that can run tasks.
struct ThreadCapacity {
    std::string process;
    std::set<TaskId> running;  ///< Tasks it runs now.
};

/// What is known when tasks are spread over threads.
struct BalanceInput {
    std::set<TaskId> tasks;                           ///< All that must run.
    std::map<std::string, ThreadCapacity> threads;    ///< By a name that all agree on.
    std::map<std::string, std::set<TaskId>> on_disk;  ///< By process: state it has.
};

/// Gives every task to exactly one thread.
///
/// Balanced: the numbers of tasks of any two threads differ by one at most, and so do the numbers
/// of their tasks of any one sub-topology, as one may do most of the work. Sticky: within that, a
/// task stays on the thread that runs it, else on a thread of the process that runs it, else goes
/// to a process that has its state. The same input gives the same answer everywhere. Requires at
/// least one thread, unless there are no tasks.
///
/// The place of the high-availability assignor: it takes the same input and lags besides.
std::map<std::string, std::vector<TaskId>> balance(const BalanceInput& input);

}  // namespace millrace::assignment
