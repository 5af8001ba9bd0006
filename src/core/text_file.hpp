// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

namespace millrace {

/// A file that is written line by line. Not thread-safe.
class TextFile {
  public:
    virtual ~TextFile() = default;

    /// What was written is seen by others when this returns. Throws StateError when it cannot be.
    virtual void write_line(std::string_view line) = 0;
};

/// Empties the file, or makes it. Throws StateError when it cannot be opened.
std::unique_ptr<TextFile> create_text_file(const std::filesystem::path& path);

}  // namespace millrace
