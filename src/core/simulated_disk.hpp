// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/thread_annotations.hpp"

#include <set>
#include <string>

namespace millrace {

/// Folders of a simulation without space left. Thread-safe: files are written by any thread.
class SimulatedDisk {
  public:
    static SimulatedDisk& instance();

    /// Marks a folder, with its subfolders, as full, or as no longer full.
    void set_full(const std::string& folder, bool full);

    /// Whether `path` is a full folder, or lies in one.
    bool is_full(const std::string& path) const;

  private:
    mutable Mutex mutex_;
    std::set<std::string> full_ MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace
