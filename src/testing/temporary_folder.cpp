// SPDX-License-Identifier: Apache-2.0
#include "testing/temporary_folder.hpp"

#include "millrace/core/error.hpp"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

namespace millrace::testing {

TemporaryFolder::~TemporaryFolder() {
    if (ours_) {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
}

const std::filesystem::path& TemporaryFolder::path() {
    if (path_.empty()) {
        std::string name =
            (std::filesystem::temp_directory_path() / "millrace-test-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) {
            throw StateError("cannot create a temporary folder: " + name + ": " +
                             std::generic_category().message(errno));
        }
        path_ = name;
        ours_ = true;
    }
    return path_;
}

}  // namespace millrace::testing
