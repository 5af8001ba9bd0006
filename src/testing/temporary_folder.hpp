// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace millrace::testing {

/// A folder for the state of one driver.
class TemporaryFolder {
  public:
    /// Uses `given`. If that is empty, uses a new folder below the system's temporary folder, which
    /// is deleted with all its content in the destructor. The folder is created on first use.
    explicit TemporaryFolder(std::filesystem::path given) : path_(std::move(given)) {}
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    /// Throws StateError if it cannot be created.
    const std::filesystem::path& path();

  private:
    std::filesystem::path path_;
    bool ours_ = false;
};

}  // namespace millrace::testing
