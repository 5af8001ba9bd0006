// SPDX-License-Identifier: Apache-2.0
#include "state/task/stored_offsets.hpp"

#include "core/file_system.hpp"
#include "state/engine/stored_metadata.hpp"
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
    const std::string where = owner + ", store ";
    for (const auto& [store, row] : stored_metadata(folder, owner, memory)) {
        if (const auto offset = read_checkpoint(row, std::string(where).append(store)).offset) {
            offsets.emplace(store, *offset);
        }
    }
    return offsets;
}

}  // namespace millrace::state
