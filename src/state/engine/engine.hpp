// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/state/bytes_store.hpp"
#include "state/engine/key_range.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace millrace::state {

/// The lowest layer of a store: a sorted map of bytes. Keys of window stores begin with their
/// segment (state/format/window_key.hpp).
///
/// Errors: StateError when the storage fails, StateCorrupted when its files are damaged.
/// Not thread-safe.
class Engine {
  public:
    virtual ~Engine() = default;

    /// The view lives until the next call of any member.
    virtual NullableBytes get(BytesView key) = 0;

    /// Null removes the key. An engine that is not direct() may wait for its database's commit
    /// before it shows the change.
    virtual void put(BytesView key, const NullableBytes& value) = 0;

    virtual std::unique_ptr<BytesIterator> iterate(const KeyRange& range, RowOrder order) = 0;

    virtual std::uint64_t approximate_entries() = 0;

    /// Removes every key below `end`. Cheap where a whole segment goes.
    virtual void drop_below(BytesView end) = 0;

    virtual void clear() = 0;

    /// True when there are surely no rows. May say false for an empty engine.
    virtual bool empty() = 0;

    virtual bool persistent() const = 0;

    /// True when rows must be put at once, not at the commit: the engine does more with them than
    /// keep them (a bounded store evicts, a user's store does what it likes).
    virtual bool direct() const { return false; }

    /// Segments that may hold rows, when the engine was opened. Only of segmented engines.
    virtual std::vector<std::int64_t> segments() { return {}; }

    /// Between these, puts are many and nothing is read; the engine is empty before, and shows
    /// the rows after the database's write that follows.
    virtual void begin_load() {}
    virtual void end_load() {}

    /// The database rolled back or committed what was put. Direct engines do so themselves.
    virtual void roll_back() {}
    virtual void commit() {}
};

}  // namespace millrace::state
