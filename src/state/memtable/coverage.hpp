// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace millrace::state {

/// From which time on all rows that the engine has are in memory, too: one that is not there then
/// exists nowhere. Told apart by group, the key proper, as far as its hash does that: a row that
/// leaves memory makes the engine be asked for rows of its own group, and not for others.
///
/// Says no when in doubt. Not thread-safe.
class Coverage {
  public:
    /// The engine may have rows before that time that are not in memory, but none since.
    void cover_from(std::int64_t time_ms) noexcept;

    /// The engine has a row of that group and time that is not in memory. From now on about
    /// `groups` are told apart, if they were fewer.
    void uncover(BytesView group, std::int64_t time_ms, std::size_t groups);

    /// Of all groups.
    bool covers(std::int64_t time_ms) const noexcept { return time_ms >= all_from_ms_; }

    /// Of one.
    bool covers(BytesView group, std::int64_t time_ms) const noexcept {
        return covers(time_ms) || (time_ms >= none_before_ms_ && covers_place(group, time_ms));
    }

  private:
    bool covers_place(BytesView group, std::int64_t time_ms) const noexcept;
    std::size_t place_of(BytesView group) const noexcept;

    static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

    std::int64_t all_from_ms_ = kNever;
    std::int64_t none_before_ms_ = kNever;
    std::vector<std::int64_t> from_ms_;  // By hash of the group: a power of two, or none.
};

}  // namespace millrace::state
