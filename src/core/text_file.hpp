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

    /// The line is visible to other processes when this returns. Throws StateError on failure.
    virtual void write_line(std::string_view line) = 0;
};

/// Truncates the file, or creates it. Throws StateError if it cannot be opened.
std::unique_ptr<TextFile> create_text_file(const std::filesystem::path& path);

}  // namespace millrace
