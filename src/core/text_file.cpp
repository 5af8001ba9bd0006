// SPDX-License-Identifier: Apache-2.0
#include "core/text_file.hpp"

#include "millrace/core/error.hpp"

#include <cerrno>
#include <fstream>
#include <string>
#include <system_error>

namespace millrace {
namespace {

class SystemTextFile final : public TextFile {
  public:
    explicit SystemTextFile(const std::filesystem::path& path)
        : path_(path), file_(path, std::ios::trunc) {
        if (!file_) {
            fail("open");
        }
    }

    void write_line(std::string_view line) override {
        file_ << line << '\n' << std::flush;
        if (!file_) {
            fail("write");
        }
    }

  private:
    [[noreturn]] void fail(const char* doing) const {
        const std::error_code error(errno, std::generic_category());
        throw StateError(std::string("cannot ") + doing + " " + path_.string() + ": " +
                         error.message());
    }

    std::filesystem::path path_;
    std::ofstream file_;
};

}  // namespace

std::unique_ptr<TextFile> create_text_file(const std::filesystem::path& path) {
    return std::make_unique<SystemTextFile>(path);
}

}  // namespace millrace
