// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace millrace::testing::simulated {

/// The state directories of a simulation's instances: in memory, if the machine has a file system
/// for that. Deleted at the end.
class StateFolders {
  public:
    StateFolders();
    ~StateFolders();
    StateFolders(const StateFolders&) = delete;
    StateFolders& operator=(const StateFolders&) = delete;

    std::string root() const { return root_.string(); }

    /// The path of a new folder, which does not exist yet.
    std::string make();

    /// A copy of a folder as a killed process leaves it. The same path is the same folder.
    std::string copy(const std::string& from);

  private:
    std::filesystem::path root_;
    int count_ = 0;
};

}  // namespace millrace::testing::simulated
