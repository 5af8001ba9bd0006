// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace millrace::state {

/// Deletes a task's folder, which nobody has open. Does nothing when there is none. Throws
/// StateError.
void wipe_folder(const std::filesystem::path& folder);

}  // namespace millrace::state
