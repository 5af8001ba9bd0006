// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "state/memtable/memtable_entry.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>

namespace millrace::state {

/// Rows in insertion order.
///
/// Rows must outlive their membership, and are in at most one queue. Not thread-safe.
class RowQueue {
  public:
    void add(MemtableEntry* row);
    void erase(MemtableEntry* row);

    /// `row`, which is in this queue, moved to `to`.
    void replace(const MemtableEntry* row, MemtableEntry* to) { place_of(*row) = to; }

    void clear();

    /// The first inserted row; null if there is none.
    MemtableEntry* first() const { return rows_.empty() ? nullptr : rows_.front(); }

    /// The row that many positions later or earlier; null if there is none, or no more.
    MemtableEntry* ahead(std::size_t steps) const {
        return steps < rows_.size() ? rows_[steps] : nullptr;
    }

  private:
    MemtableEntry*& place_of(const MemtableEntry& row) {
        return rows_[static_cast<std::uint32_t>(row.write_position_ - first_place_)];
    }
    void close_gaps();

    std::deque<MemtableEntry*> rows_;  // Null for removed rows, except the first.
    std::uint32_t first_place_ = 0;    // Positions of rows continue from here, and may wrap around.
    std::size_t gone_ = 0;
};

}  // namespace millrace::state
