// SPDX-License-Identifier: Apache-2.0
#include "state/task/open_or_wipe.hpp"

#include "core/fail_point.hpp"
#include "core/file_system.hpp"
#include "core/log.hpp"
#include "state/format/state_corrupted.hpp"

namespace millrace::state {

std::unique_ptr<TaskStores> open_or_wipe(const TaskStores::Options& options, MemoryBudget& memory,
                                         bool wipe) {
    if (!wipe) {
        try {
            return std::make_unique<TaskStores>(options, memory);
        } catch (const StateCorrupted& error) {
            log::warn("state is damaged and will be rebuilt from its topics: task " + options.name +
                      ": " + error.what());
        }
    }
    if (!options.directory.empty()) {
        system_files().remove_all(options.directory);
        MILLRACE_FAIL_POINT("open.wiped");
    }
    return std::make_unique<TaskStores>(options, memory);
}

}  // namespace millrace::state
