// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace millrace::support {

/// What the process uses now.
struct ResourceUse {
    std::size_t bytes = 0;        ///< Allocated with malloc and not freed.
    std::size_t descriptors = 0;  ///< Open files, sockets and so on; without RocksDB's tables.
    std::size_t threads = 0;

    static ResourceUse now();
};

/// Memory that a test may use more in the end than in the beginning.
struct AllowedGrowth {
    std::size_t bytes = 0;
    std::size_t bytes_per_cycle = 0;
};

/// The use after each cycle of a test.
class UseByCycle {
  public:
    void add() { samples_.push_back(ResourceUse::now()); }

    /// Why the use is not flat; empty: it is. Compares the least use of the first and the second
    /// half, because the use varies: buffers, threads that end later.
    std::string why_not_flat(const AllowedGrowth& allowed) const;

    /// For the log: the use after the first and the last cycle, and the least of both halves.
    std::string summary() const;

  private:
    ResourceUse least(std::size_t from, std::size_t to) const;
    std::size_t half() const { return samples_.size() / 2; }

    std::vector<ResourceUse> samples_;
};

}  // namespace millrace::support
