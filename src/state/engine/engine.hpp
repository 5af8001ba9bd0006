// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/state/bytes_store.hpp"
#include "state/engine/key_range.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace millrace::state {

/// The lowest layer of a store: a sorted map of bytes. Keys of window stores start with their
/// segment (state/format/window_key.hpp).
///
/// Errors: StateError if the storage fails, StateCorrupted if its files are damaged. Not
/// thread-safe.
class Engine {
  public:
    virtual ~Engine() = default;

    /// The view is valid until the next call.
    virtual NullableBytes get(BytesView key) = 0;

    /// Null deletes the key. If an engine is not direct(), the change may become visible only at
    /// its database's commit.
    virtual void put(BytesView key, const NullableBytes& value) = 0;

    virtual std::unique_ptr<BytesIterator> iterate(const KeyRange& range, RowOrder order) = 0;

    virtual std::uint64_t approximate_num_entries() = 0;

    /// Deletes every key below `end`. Cheap for whole segments. The default implementation deletes
    /// row by row.
    virtual void drop_below(BytesView end);

    virtual void clear() = 0;

    /// True if there are certainly no rows. May be false for an empty engine.
    virtual bool empty() = 0;

    virtual bool persistent() const = 0;

    /// True if rows must be put at once, not at the commit, because the engine does more than store
    /// them (a bounded store evicts; a custom store may do anything).
    virtual bool direct() const { return false; }

    /// False if roll_back() cannot undo what was put since the last commit.
    virtual bool rolls_back() const { return true; }

    /// Segments that may have rows when the engine is opened. Only for segmented engines.
    virtual std::vector<std::int64_t> segments() { return {}; }

    /// Between these calls, there are many puts and no reads. The engine is empty before, and the
    /// rows become visible with the next write of the database.
    virtual void begin_load() {}
    virtual void end_load() {}

    /// During a load, after a group of puts: may write them to the database. True if the database,
    /// with its next write, has everything that was put.
    virtual bool settle_load() { return true; }

    /// The database rolled back or committed the puts. Direct engines handle that themselves.
    virtual void roll_back() {}
    virtual void commit() {}
};

}  // namespace millrace::state
