// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/topic_partition.hpp"

#include <filesystem>
#include <map>
#include <string>

namespace millrace::state {

class MemoryBudget;

/// How far the stores on disk of a task are, without opening them: by store name, the offset of the
/// last changelog record that each contains. Stores without a known offset are missing. `directory`
/// is the task's folder, which no thread may use meanwhile; `owner` is the task in messages.
/// Throws StateCorrupted if files are damaged, StateError otherwise.
std::map<std::string, Offset> stored_offsets(const std::filesystem::path& directory,
                                             const std::string& owner, MemoryBudget& memory);

}  // namespace millrace::state
