// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "state/memtable/memtable_entry.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace::state {

/// The dirty entries of a memtable: written, but neither logged nor forwarded. A flush processes
/// them in the order of their last write.
///
/// Entries must be removed before they are destroyed. Not thread-safe.
class DirtyRows {
  public:
    bool empty() const noexcept { return written_.empty(); }

    /// `entry` becomes dirty by a write.
    void add(MemtableEntry* entry);

    /// A dirty entry is written again. An entry of the running flush keeps its position.
    void touch(MemtableEntry& entry) noexcept {
        if (!entry.pending_) {
            entry.written_ = ++writes_;
        }
    }

    /// Requires that `entry` is dirty and not of a flush.
    void take_out(const MemtableEntry* entry);

    /// `from`, if it is dirty, moved to `to`.
    void replace(const MemtableEntry* from, MemtableEntry* to) {
        if (from->dirty_) {
            (from->pending_ ? flushing_ : written_)[from->write_position_] = to;
        }
    }

    /// See Memtable.
    void begin_flush(MemtableEntry* first);
    MemtableEntry* next();
    void flushed(MemtableEntry& entry);
    bool flushing() const noexcept { return !flushing_.empty(); }

    void clear();

  private:
    std::vector<MemtableEntry*> written_;  // Not of a flush.
    std::uint64_t writes_ = 0;
    std::vector<MemtableEntry*> flushing_;
    std::size_t next_ = 0;  // Of the flush.
};

}  // namespace millrace::state
