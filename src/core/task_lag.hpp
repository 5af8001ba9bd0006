// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/task_id.hpp"

#include <cstdint>
#include <map>

namespace millrace {

/// How many records of its changelogs the state of a task lacks, all stores together. 0: none, or
/// the task is running.
using TaskLag = std::int64_t;

/// There is state, but its lag was not measured yet.
inline constexpr TaskLag kUnknownLag = -1;

/// The tasks whose state a process has.
using TaskLags = std::map<TaskId, TaskLag>;

}  // namespace millrace
