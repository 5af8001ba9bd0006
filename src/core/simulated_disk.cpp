// SPDX-License-Identifier: Apache-2.0
#include "core/simulated_disk.hpp"

#include <algorithm>

namespace millrace {

SimulatedDisk& SimulatedDisk::instance() {
    static auto* const disk = new SimulatedDisk;  // Threads use it until the process ends.
    return *disk;
}

void SimulatedDisk::set_full(const std::string& folder, bool full) {
    const MutexLock lock(mutex_);
    if (full) {
        full_.insert(folder);
    } else {
        full_.erase(folder);
    }
}

bool SimulatedDisk::is_full(const std::string& path) const {
    const MutexLock lock(mutex_);
    return std::any_of(full_.begin(), full_.end(), [&](const std::string& folder) {
        return path == folder || path.starts_with(folder + "/");
    });
}

}  // namespace millrace
