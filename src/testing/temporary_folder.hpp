// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace millrace::testing {

/// A folder for the state of one driver.
class TemporaryFolder {
  public:
    /// Uses `given`; when that is empty, a new folder among the system's temporary ones, removed
    /// with all its content in the end. Makes it when it is first asked for.
    explicit TemporaryFolder(std::filesystem::path given) : path_(std::move(given)) {}
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    /// Throws StateError when it cannot be made.
    const std::filesystem::path& path();

  private:
    std::filesystem::path path_;
    bool ours_ = false;
};

}  // namespace millrace::testing
