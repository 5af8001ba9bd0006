// SPDX-License-Identifier: Apache-2.0
#include "testing/simulation/state_folders.hpp"

#include "millrace/core/error.hpp"

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace millrace::testing::simulated {

StateFolders::StateFolders() {
    const std::filesystem::path memory = "/dev/shm";
    std::error_code error;
    const auto parent = std::filesystem::is_directory(memory, error)
                            ? memory
                            : std::filesystem::temp_directory_path();
    std::string name = (parent / "millrace-simulation-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
        throw StateError("cannot create a temporary folder: " + name + ": " +
                         std::generic_category().message(errno));
    }
    root_ = name;
}

StateFolders::~StateFolders() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
}

std::string StateFolders::make() {
    return (root_ / std::to_string(++count_)).string();
}

std::string StateFolders::copy(const std::string& from) {
    std::string to = make();
    if (std::filesystem::exists(from)) {
        std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
    }
    return to;
}

}  // namespace millrace::testing::simulated
