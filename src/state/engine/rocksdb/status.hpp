// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/status.h>

#include <string>

namespace millrace::state {

/// Throws if a status is not ok: StateCorrupted for damaged files, otherwise StateError, with the
/// remedy if it is known. `where` contains the operation, the task and the folder.
void throw_if_failed(const rocksdb::Status& status, const std::string& where);

}  // namespace millrace::state
