// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/status.h>

#include <string>

namespace millrace::state {

/// Throws for a status that is not ok: StateCorrupted for damaged files, else StateError, with what
/// can be done about it where that is known. `where` names the doing, the task and the folder.
void throw_if_failed(const rocksdb::Status& status, const std::string& where);

}  // namespace millrace::state
