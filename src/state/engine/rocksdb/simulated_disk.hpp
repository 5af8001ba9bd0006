// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace rocksdb {
class Env;
}

namespace millrace::state {

/// The disk of a simulation's state databases: the file system, except that folders can be full.
/// Writing to files in a full folder, and creating files there, fails as on a full disk.
///
/// Thread-safe: RocksDB writes files on threads of its own.
class SimulatedDisk {
  public:
    static SimulatedDisk& instance();

    /// Whether there is no space left in a folder and the folders in it.
    void set_full(const std::string& folder, bool full);
    bool is_full(const std::string& folder) const;

    /// For rocksdb::DBOptions::env. Lives until the process ends.
    rocksdb::Env* env() noexcept { return env_; }

  private:
    class Files;
    SimulatedDisk();

    Files* files_;
    rocksdb::Env* env_;
};

}  // namespace millrace::state
