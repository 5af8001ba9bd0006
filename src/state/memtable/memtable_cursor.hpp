// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "state/memtable/memtable.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace millrace::state {

/// A position between the entries of a table, in key order: of all entries, or of those of one
/// group. Entries are searched by key each time the table has changed.
class MemtableCursor {
  public:
    /// `group`: the common prefix of all keys before their suffix; empty: all entries. The group
    /// and the table must outlive this.
    MemtableCursor(Memtable& table, BytesView group) : table_(&table), group_(group) {}

    /// Moves to the first entry at or after `key`; without a key, to the first of all.
    const MemtableEntry* seek(const NullableBytes& key);

    /// Moves to the last entry before `key`; without a key, to the last of all.
    const MemtableEntry* seek_before(const NullableBytes& key);

    /// Moves from the entry with `key`, which is the current one unless the table has changed, to
    /// the next one. All functions return null if there is none.
    const MemtableEntry* next(BytesView key);
    const MemtableEntry* previous(BytesView key);

    /// Whether the table has changed, so that returned entries may be invalid.
    bool moved() const noexcept { return generation_ != table_->generation(); }

  private:
    bool grouped() const noexcept { return !group_.empty(); }
    void look_up();
    std::size_t lower_bound(BytesView key) const;
    const MemtableEntry* current() const;

    Memtable* table_;
    BytesView group_;
    std::uint64_t generation_ = 0;
    std::span<MemtableEntry* const> rows_;  // In the group,
    std::size_t at_ = 0;                    // and the position in it;
    EntryIndex::const_iterator place_;      // or the position among all.
};

}  // namespace millrace::state
