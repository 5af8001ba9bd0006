// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "state/engine/engine.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::state {

class StateMemory;

/// The database on disk of one task. What engines were put, and the rows kept about stores, become
/// visible and, later, durable together: see write().
///
/// Engines must die before it. Not thread-safe.
class Database {
  public:
    virtual ~Database() = default;

    /// The rows of a key-value store, or of a store whose keys begin with a segment. A store is
    /// empty when it is not in the database yet.
    virtual std::unique_ptr<Engine> engine(const std::string& store, bool segmented) = 0;

    /// What was written about a store: its changelog offset and the like. Never newer than its
    /// rows.
    virtual std::optional<Bytes> about(const std::string& store) = 0;

    /// The stores that have rows, or a row about them.
    virtual std::vector<std::string> stores() = 0;

    /// True when there are rows of the store.
    virtual bool has_rows(const std::string& store) = 0;

    /// Removes all rows of a store and the one about it. After a crash either all of that is there,
    /// or the row about the store is not. Requires that no engine of the store is open.
    virtual void remove(const std::string& store) = 0;

    /// Part of the next write().
    virtual void put_about(const std::string& store, const NullableBytes& row) = 0;

    /// Applies everything put since the last one, atomically. It may be lost in a crash, but then
    /// what was written later is lost as well.
    virtual void write() = 0;

    /// Forgets everything put since the last write().
    virtual void discard() = 0;

    /// Brings everything written to disk.
    virtual void flush() = 0;

    /// Begins that, and lets it go on in the background: what was written so far survives a crash
    /// that comes soon after. Tells nobody how it ends: what fails makes later writes fail.
    virtual void flush_soon() = 0;
};

/// Opens or creates the database in `directory` (made with mode 0700). `owner` names the task in
/// messages. Throws StateCorrupted when files are damaged or missing, StateError otherwise.
std::unique_ptr<Database> open_database(const std::filesystem::path& directory,
                                        const std::string& owner, StateMemory& memory);

}  // namespace millrace::state
