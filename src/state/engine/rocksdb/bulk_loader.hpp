// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "state/engine/rocksdb/rocks_database.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace millrace::state {

/// Fills empty column families much faster than writes do: collects rows in memory, sorts them,
/// keeps the last one of each key, and passes each such run to RocksDB as a file.
///
/// Memory is limited: a run ends at the size of a write buffer, or earlier if all loads of the
/// client together hold too much. Runs that are too small for a file, and small loads, are written
/// to the database's write buffers.
class BulkLoader {
  public:
    /// `family_of` returns the column family of a key; its first `prefix` bytes select the family
    /// and are not stored.
    using FamilyOf = std::function<rocksdb::ColumnFamilyHandle*(BytesView key)>;
    BulkLoader(RocksDatabase& database, FamilyOf family_of, std::size_t prefix);
    ~BulkLoader();
    BulkLoader(const BulkLoader&) = delete;
    BulkLoader& operator=(const BulkLoader&) = delete;

    /// Null deletes the key.
    void put(BytesView key, const NullableBytes& value);

    /// Call it after a group of puts: ends a run that is nearly complete, or that began within the
    /// group. True if no rows wait: all are in the database, part of
    /// them perhaps in its next write.
    bool settle();

    /// Writes the remaining rows. Part of them may be in the database's next write.
    void finish();

  private:
    struct Row {
        // The first bytes of the key, for comparisons without an access to the key.
        std::uint64_t order;
        const char* bytes;  // Key, then value.
        std::uint32_t key_size;
        std::uint32_t value_size;  // kNull: deleted.
        std::uint32_t number;      // The last one of equal keys wins.

        BytesView key() const { return {bytes, key_size}; }
        NullableBytes value() const;
        bool operator<(const Row& other) const;
    };
    static constexpr std::uint32_t kNull = 0xffffffffU;
    using Rows = std::vector<Row>;

    Rows& rows_for(BytesView prefix);
    char* allocate(std::size_t size);
    void account(std::size_t bytes);
    void make_room(std::size_t run, std::size_t all_loads);
    void add_run();
    void sort_rows();
    void ingest_run();
    void write_run(bool more_comes);
    void begin_family(const Bytes& prefix);
    void ingest(rocksdb::ColumnFamilyHandle* family, const Rows& rows);
    void end_run();
    static void sort_and_dedupe(Rows& rows);
    void set_compaction(rocksdb::ColumnFamilyHandle* family, bool on);

    RocksDatabase& database_;
    FamilyOf family_of_;
    std::size_t prefix_;

    std::map<Bytes, Rows, std::less<>> runs_;  // By prefix.
    std::pair<const Bytes, Rows>* last_run_ = nullptr;
    std::vector<std::unique_ptr<char[]>> chunks_;
    char* free_ = nullptr;
    std::size_t free_bytes_ = 0;
    std::size_t next_chunk_bytes_ = 0;
    std::size_t bytes_ = 0;  // Bytes of chunks and runs.
    std::uint32_t number_ = 0;
    std::set<Bytes, std::less<>> begun_;  // Prefixes whose families have rows.
    std::size_t files_ = 0;
    bool run_ended_ = false;  // Since the last settle().
};

}  // namespace millrace::state
