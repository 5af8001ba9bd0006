// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "state/memtable/memtable_entry.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>

namespace millrace::state {

/// Rows in the order in which they came, as long as they stay.
///
/// Rows must outlive their stay, and are in one queue at most. Not thread-safe.
class RowQueue {
  public:
    void add(MemtableEntry* row);
    void erase(MemtableEntry* row);

    /// `row`, which is here, moved to `to`.
    void replace(const MemtableEntry* row, MemtableEntry* to) { place_of(*row) = to; }

    void clear();

    /// The row that came first; null when there is none.
    MemtableEntry* first() const { return rows_.empty() ? nullptr : rows_.front(); }

    /// One that comes so many steps later or earlier than that; null when there is none, or no
    /// more.
    MemtableEntry* ahead(std::size_t steps) const {
        return steps < rows_.size() ? rows_[steps] : nullptr;
    }

  private:
    MemtableEntry*& place_of(const MemtableEntry& row) {
        return rows_[static_cast<std::uint32_t>(row.write_position_ - first_place_)];
    }
    void close_gaps();

    std::deque<MemtableEntry*> rows_;  // Null where one is gone, but not the first.
    std::uint32_t first_place_ = 0;  // A row's place is counted on from here, and may wrap around.
    std::size_t gone_ = 0;
};

}  // namespace millrace::state
