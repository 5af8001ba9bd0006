// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "json.hpp"

#include <filesystem>
#include <functional>
#include <string>

namespace millrace::parity {

/// Calls `visit(name, text)` for every case below `path`, by name: a .json file; a folder, searched
/// recursively; or an archive .jsonl.gz with one {"name": …, "case": …} per line. Names are
/// relative to a folder, as in an archive; a single file's name is its last component.
///
/// Throws std::runtime_error if a path does not exist or cannot be read.
void for_each_case(const std::filesystem::path& path,
                   const std::function<void(const std::string& name, const Json& recorded)>& visit);

Json read_json(const std::filesystem::path& file);
void write_json(const std::filesystem::path& file, const Json& json);

}  // namespace millrace::parity
