// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "state/memtable/record_table.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace millrace::state {

/// A place between the entries of a table, in the order of their keys: of all entries, or of those
/// of one group only. Entries are found from a key each time the table has changed.
class TableCursor {
  public:
    /// `group`: what all keys have in front of their suffix; empty: of all entries. Must outlive
    /// this, as the table must.
    TableCursor(RecordTable& table, BytesView group) : table_(&table), group_(group) {}

    /// To the first entry at or behind `key`; without one, the first of all.
    const RecordEntry* seek(const NullableBytes& key);

    /// To the last entry before `key`; without one, the last of all.
    const RecordEntry* seek_before(const NullableBytes& key);

    /// From the entry with `key`, where this is unless the table has changed, to the next one. All
    /// return null when there is none.
    const RecordEntry* next(BytesView key);
    const RecordEntry* previous(BytesView key);

    /// Whether the table has changed, so that what was returned may be gone.
    bool moved() const noexcept { return generation_ != table_->generation(); }

  private:
    bool grouped() const noexcept { return !group_.empty(); }
    void look_up();
    std::size_t lower_bound(BytesView key) const;
    const RecordEntry* current() const;

    RecordTable* table_;
    BytesView group_;
    std::uint64_t generation_ = 0;
    std::span<RecordEntry* const> rows_;  // Of the group,
    std::size_t at_ = 0;                  // and the place among them;
    EntryIndex::const_iterator place_;    // or that among all.
};

}  // namespace millrace::state
