// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "state/memtable/memtable_entry.hpp"

#include <cstddef>
#include <vector>

namespace millrace::state {

/// The uncommitted entries of a memtable: logged, but not yet in the engine.
///
/// Not thread-safe.
class UncommittedRows {
  public:
    /// In no order.
    const std::vector<MemtableEntry*>& rows() const noexcept { return rows_; }

    /// Their memory size.
    std::size_t bytes() const noexcept { return bytes_; }

    /// Makes `entry` uncommitted, if it is not. Must be between calls of the next two functions.
    void add(MemtableEntry& entry);

    /// Must be called before and after the value of `entry` below the record cache changes.
    void before_change(const MemtableEntry& entry) {
        if (entry.uncommitted_) {
            bytes_ -= weight(entry);
        }
    }
    void after_change(const MemtableEntry& entry) {
        if (entry.uncommitted_) {
            bytes_ += weight(entry);
        }
    }

    /// `from`, if it is uncommitted, moved to `to`.
    void replace(const MemtableEntry* from, MemtableEntry* to) {
        if (from->uncommitted_) {
            rows_[from->uncommitted_position_] = to;
        }
    }

    /// Makes all of them committed, and calls `use` with each.
    template <class F>
    void commit(F use) {
        std::vector<MemtableEntry*> rows;
        rows.swap(rows_);
        bytes_ = 0;
        for (std::size_t at = 0; at < rows.size(); ++at) {
            prefetch_ahead(rows, at);
            rows[at]->uncommitted_ = 0;
            use(rows[at]);
        }
        clear_for_reuse(rows);
        rows_.swap(rows);
    }

    void clear();

  private:
    static std::size_t weight(const MemtableEntry& entry) noexcept {
        constexpr std::size_t kOfTable = 40;  // The bucket, and the head of the memory block.
        return sizeof(MemtableEntry) + kOfTable + entry.key_size_ + entry.below_size();
    }

    std::vector<MemtableEntry*> rows_;
    std::size_t bytes_ = 0;
};

}  // namespace millrace::state
