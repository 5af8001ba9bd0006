// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"

#include <filesystem>
#include <map>
#include <string>

namespace millrace::state {

class MemoryBudget;

/// The metadata rows of a database that no thread uses, by store: Database::store_metadata. Much
/// cheaper than open_database: nothing is written, and no file with rows of stores is opened. Empty
/// if there is no database. Throws StateCorrupted if files are damaged, StateError otherwise.
std::map<std::string, Bytes> stored_metadata(const std::filesystem::path& directory,
                                             const std::string& owner, MemoryBudget& memory);

}  // namespace millrace::state
