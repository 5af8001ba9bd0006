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

class MemoryBudget;

/// The database on disk of one task. Writes of engines and the metadata rows of stores become
/// visible together and, later, durable together: see write().
///
/// Must outlive its engines. Not thread-safe.
class Database {
  public:
    virtual ~Database() = default;

    /// The rows of a key-value store, or of a store whose keys start with a segment. The store is
    /// empty if it is not in the database yet.
    virtual std::unique_ptr<Engine> engine(const std::string& store, bool segmented) = 0;

    /// The metadata row of a store: its changelog offset and more. Never newer than the store's
    /// rows.
    virtual std::optional<Bytes> store_metadata(const std::string& store) = 0;

    /// The stores with rows or a metadata row.
    virtual std::vector<std::string> stores() = 0;

    /// True if the store has rows.
    virtual bool has_rows(const std::string& store) = 0;

    /// Deletes all rows of a store and its metadata row. After a crash, either all of them exist,
    /// or the metadata row does not. Requires that no engine of the store is open.
    virtual void remove(const std::string& store) = 0;

    /// Part of the next write().
    virtual void put_store_metadata(const std::string& store, const NullableBytes& row) = 0;

    /// Applies all writes since the last call, atomically. A crash may lose them, but then also
    /// loses all later writes.
    virtual void write() = 0;

    /// Drops all writes since the last write().
    virtual void discard() = 0;

    /// Flushes everything written to disk.
    virtual void flush() = 0;

    /// Starts a flush in the background: everything written so far soon survives a crash. Does not
    /// report the outcome: after a failure, later writes fail.
    virtual void flush_soon() = 0;
};

/// Opens or creates the database in `directory` (created with mode 0700). `owner` is the task in
/// messages. Throws StateCorrupted if files are damaged or missing, StateError otherwise.
std::unique_ptr<Database> open_database(const std::filesystem::path& directory,
                                        const std::string& owner, MemoryBudget& memory);

}  // namespace millrace::state
