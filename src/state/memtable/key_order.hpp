// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "state/memtable/memtable_entry.hpp"
#include "state/memtable/row_groups.hpp"
#include "state/memtable/row_table.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace millrace::state {

/// The entries of a memtable in key order: all entries, and those of one group. Each order is
/// created on first use, and dropped at a commit if it was not used since the last one.
///
/// Not thread-safe.
class KeyOrder {
  public:
    /// `suffix_size`: see Memtable.
    explicit KeyOrder(std::size_t suffix_size) : groups_(suffix_size) {}

    void insert(MemtableEntry* entry);
    void erase(MemtableEntry* entry);

    /// `entry` moved to `to`.
    void replace(MemtableEntry* entry, MemtableEntry* to);

    /// `change_key` gives `entry` another key of its group.
    template <class F>
    void rename(MemtableEntry* entry, F change_key) {
        if (indexed_) {
            index_.erase(index_.find(SoughtKey(entry->key())));
        }
        if (grouped_) {
            groups_.rename(entry, change_key);
        } else {
            change_key();
        }
        if (indexed_) {
            index_.emplace(entry);
        }
        ++generation_;
    }
    void clear();

    /// See Memtable. `rows` are all entries.
    const EntryIndex& index(const RowTable& rows);
    std::span<MemtableEntry* const> group(const RowTable& rows, BytesView name);
    bool uses_groups() const noexcept { return grouped_; }
    std::uint64_t generation() const noexcept { return generation_; }

    void give_up_unused();

    void prefetch_group(BytesView name) noexcept { groups_.prefetch(name); }
    void next_prefetch_batch(const RowTable& rows) noexcept {
        if (grouped_) {
            groups_.next_prefetch_batch([&rows](std::uint32_t row) { rows.prefetch_bucket(row); });
        }
    }

  private:
    EntryIndex index_;
    bool indexed_ = false;
    bool index_used_ = false;
    RowGroups groups_;
    bool grouped_ = false;
    bool groups_used_ = false;
    std::uint64_t generation_ = 0;
};

}  // namespace millrace::state
