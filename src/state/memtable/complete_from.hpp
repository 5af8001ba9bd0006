// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace millrace::state {

/// From which time on all rows of the engine are in memory, too: a later row that is not in memory
/// does not exist. Separate for groups (keys without suffix), as far as their hashes differ: when a
/// row leaves memory, reads of its group must use the engine again, but reads of other groups need
/// not.
///
/// False if in doubt. Not thread-safe.
class CompleteFrom {
  public:
    /// The engine may have rows before that time that are not in memory, but none since.
    void set(std::int64_t time_ms) noexcept;

    /// The engine has a row of that group and time that is not in memory. From now on, about
    /// `groups` groups are separate, if there were fewer.
    void exclude(BytesView group, std::int64_t time_ms, std::size_t groups);

    /// For all groups.
    bool covers(std::int64_t time_ms) const noexcept { return time_ms > all_missing_ms_; }

    /// For one group.
    bool covers(BytesView group, std::int64_t time_ms) const noexcept {
        return covers(time_ms) || (time_ms > set_missing_ms_ && covers_place(group, time_ms));
    }

  private:
    bool covers_place(BytesView group, std::int64_t time_ms) const noexcept;
    std::size_t place_of(BytesView group) const noexcept;

    // The last times at which rows may be missing. The last possible time can be expressed: nothing
    // is complete then.
    static constexpr std::int64_t kEverything = std::numeric_limits<std::int64_t>::max();

    std::int64_t all_missing_ms_ = kEverything;
    std::int64_t set_missing_ms_ = kEverything;  // Before exclude().
    std::vector<std::int64_t> missing_ms_;       // By hash of the group: a power of two, or none.
};

}  // namespace millrace::state
