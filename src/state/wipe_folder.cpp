// SPDX-License-Identifier: Apache-2.0
#include "state/wipe_folder.hpp"

#include "millrace/core/error.hpp"

#include <system_error>

namespace millrace::state {

void wipe_folder(const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::remove_all(folder, error);
    if (error) {
        throw StateError("cannot delete state: " + folder.string() + ": " + error.message());
    }
}

}  // namespace millrace::state
