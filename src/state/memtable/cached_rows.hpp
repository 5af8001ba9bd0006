// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "state/memtable/entry_contexts.hpp"
#include "state/memtable/row_queue.hpp"
#include "state/memtable/row_table.hpp"

#include <cstddef>

namespace millrace::state {

/// Which entries of a memtable are cached, what they weigh, and which is evicted next.
///
/// A clock hand goes round the entries: one used since the hand last came by gets another round.
/// Clean rows with a time are queued instead, in the order in which they came, so that what the
/// memtable knows to be complete stays complete for the latest.
///
/// Not thread-safe.
class CachedRows {
  public:
    CachedRows(RowTable& rows, const EntryContexts& contexts) : rows_(rows), contexts_(contexts) {}

    /// What the cached entries weigh, as Kafka Streams counts.
    std::size_t bytes() const noexcept { return bytes_; }

    /// `entry`, which is new, was added as cached.
    void added(const MemtableEntry& entry) {
        bytes_ += weight(entry);
        ++of_hand_;
    }
    void set_cached(MemtableEntry& entry, bool cached);

    /// Caches a clean row with a time, or lets one that is written take part in the clock.
    void queue(MemtableEntry& entry);
    void leave_queue(MemtableEntry& entry);

    /// `entry` goes.
    void remove(MemtableEntry& entry);

    /// `from`, if it is queued, has moved to `to`.
    void replace(const MemtableEntry* from, MemtableEntry* to) {
        if (from->queued_) {
            queue_.replace(from, to);
        }
    }

    /// The part of the weight of an entry that a write may change. After a write to a cached one,
    /// the caller adds the difference.
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
    MemtableEntry* next_of_hand();

    RowTable& rows_;
    const EntryContexts& contexts_;
    RowQueue queue_;
    std::size_t of_hand_ = 0;  // Cached and not queued.
    std::size_t hand_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace millrace::state
