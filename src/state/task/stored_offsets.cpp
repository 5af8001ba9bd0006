// SPDX-License-Identifier: Apache-2.0
#include "state/task/stored_offsets.hpp"

#include "core/file_system.hpp"
#include "state/engine/database.hpp"
#include "state/format/checkpoint.hpp"
#include "state/task/existing_state.hpp"

namespace millrace::state {

std::map<std::string, Offset> stored_offsets(const std::filesystem::path& directory,
                                             const std::string& owner, MemoryBudget& memory) {
    std::map<std::string, Offset> offsets;
    const std::filesystem::path folder = directory / kDatabaseFolder;
    if (!system_files().exists(folder)) {
        return offsets;
    }
    const std::unique_ptr<Database> database = open_database(folder, owner, memory);
    const std::string where = owner + ", store ";
    for (const std::string& store : database->stores()) {
        if (const auto row = database->store_metadata(store)) {
            if (const auto offset =
                    read_checkpoint(*row, std::string(where).append(store)).offset) {
                offsets.emplace(store, *offset);
            }
        }
    }
    return offsets;
}

}  // namespace millrace::state
