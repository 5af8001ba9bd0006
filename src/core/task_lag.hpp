// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/task_id.hpp"

#include <cstdint>
#include <map>

namespace millrace {

/// The number of changelog records that the state of a task lacks, summed over its stores. 0 while
/// the task is running.
using TaskLag = std::int64_t;

/// The lag of existing state that was not measured yet.
inline constexpr TaskLag kUnknownLag = -1;

/// The lags of all tasks whose state a process has.
using TaskLags = std::map<TaskId, TaskLag>;

/// By task: the sum of the end offsets of its changelogs. A process without its state lacks at most
/// that many records.
using ChangelogSizes = std::map<TaskId, std::int64_t>;

/// What a process knows of the state of tasks.
struct StateReport {
    TaskLags lags{};
    ChangelogSizes sizes{};  ///< Not of all tasks.
};

}  // namespace millrace
