// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "state/task/task_stores.hpp"

#include <memory>

namespace millrace::state {

/// Opens the stores. Damaged files are deleted first, with a log line: the stores are then empty,
/// to be restored from the beginning. `wipe` always deletes the files. Otherwise as the constructor
/// of TaskStores.
std::unique_ptr<TaskStores> open_or_wipe(const TaskStores::Options& options, MemoryBudget& memory,
                                         bool wipe = false);

}  // namespace millrace::state
