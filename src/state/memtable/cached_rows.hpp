// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "state/memtable/entry_contexts.hpp"
#include "state/memtable/row_queue.hpp"
#include "state/memtable/row_table.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace millrace::state {

/// The cached entries of a memtable, their sizes, and the eviction order.
///
/// A clock algorithm passes the entries: an entry that was used since the last pass gets another
/// round. Clean rows with a time are queued instead, in insertion order, so that the memtable's
/// CompleteFrom stays true for the latest.
///
/// Not thread-safe.
class CachedRows {
  public:
    CachedRows(RowTable& rows, const EntryContexts& contexts) : rows_(rows), contexts_(contexts) {}

    /// The size of the cached entries, counted as in Kafka Streams.
    std::size_t bytes() const noexcept { return bytes_; }

    /// The new `entry` was added as cached.
    void added(const MemtableEntry& entry) {
        bytes_ += weight(entry);
        enter_hand(entry);
    }
    void set_cached(MemtableEntry& entry, bool cached);

    /// Caches a clean row with a time, or adds a written one to the clock.
    void queue(MemtableEntry& entry);
    void leave_queue(MemtableEntry& entry);

    /// `entry` is removed.
    void remove(MemtableEntry& entry);

    /// Updates references after an entry has moved from `from` to `to`.
    void replace(const MemtableEntry* from, MemtableEntry* to) {
        if (from->queued_) {
            queue_.replace(from, to);
        } else if (listed_ && from->cached_) {
            *std::find(few_.begin(), few_.end(), from) = to;
        }
    }

    /// The part of an entry's size that a write may change. After a write to a cached entry, the
    /// caller adds the difference.
    std::size_t changing_weight(const MemtableEntry& entry) const {
        return entry.value_size() + contexts_.weight(entry);
    }
    void reweigh(const MemtableEntry& entry, std::size_t changing_weight_before) {
        if (entry.cached_) {
            bytes_ += changing_weight(entry) - changing_weight_before;
        }
    }

    /// Null when there is none.
    MemtableEntry* eviction_candidate();

    void clear();

  private:
    std::size_t weight(const MemtableEntry& entry) const;
    void enter_hand(const MemtableEntry& entry);
    void leave_hand(const MemtableEntry& entry);
    MemtableEntry* next_of_hand();
    MemtableEntry* next_of_few();
    bool few_among_many() const;
    void list_few();

    RowTable& rows_;
    const EntryContexts& contexts_;
    RowQueue queue_;
    std::size_t of_hand_ = 0;  // Cached and not queued.
    std::size_t hand_ = 0;

    // While a few cached rows are among many others, finding one by the hand would take as long as
    // reading the whole table. They are listed then.
    std::vector<const MemtableEntry*> few_;
    std::size_t next_few_ = 0;
    bool listed_ = false;
    std::size_t bytes_ = 0;
};

}  // namespace millrace::state
