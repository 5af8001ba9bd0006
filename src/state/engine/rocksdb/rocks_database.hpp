// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "state/engine/database.hpp"
#include "state/engine/rocksdb/options.hpp"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace millrace::state {

/// A RocksDB database without write-ahead log. Column families (docs/formats/state-database.md):
///
///     default               a row for each store: its offset and the like
///     kv:<store>            a key-value store
///     <segment>:<store>     a segment of a window store
class RocksDatabase final : public Database {
  public:
    RocksDatabase(const std::filesystem::path& directory, const std::string& owner,
                  MemoryBudget& memory);
    ~RocksDatabase() override;

    std::unique_ptr<Engine> engine(const std::string& store, bool segmented) override;
    std::optional<Bytes> store_metadata(const std::string& store) override;
    std::vector<std::string> stores() override;
    bool has_rows(const std::string& store) override;
    void remove(const std::string& store) override;
    void put_store_metadata(const std::string& store, const NullableBytes& row) override;
    void write() override;
    void discard() override { batch_.Clear(); }
    void flush() override;
    void flush_soon() override;

    // For engines.
    rocksdb::DB& db() noexcept { return *db_; }
    const rocksdb::ReadOptions& reading() const noexcept { return reading_; }
    rocksdb::WriteBatch& batch() noexcept { return batch_; }
    MemoryBudget::Engine& shared() noexcept { return shared_; }
    std::filesystem::path load_directory() const { return directory_.parent_path() / "load"; }

    /// Null if it does not exist.
    rocksdb::ColumnFamilyHandle* find(const std::string& family) const;
    rocksdb::ColumnFamilyHandle* find_or_create(const std::string& family);

    /// The family is no longer accessible; its files are deleted after the next flush.
    void drop(const std::string& family);
    std::vector<std::string> families() const;

    /// Throws, with task and folder.
    void check(const rocksdb::Status& status, const char* doing) const;

  private:
    struct Unopened {};
    RocksDatabase(const std::filesystem::path& directory, const std::string& owner,
                  MemoryBudget& memory, Unopened unopened);
    void open();
    void refuse_incomplete() const;
    void clear_batch();
    void count_families(std::size_t count) noexcept;
    void flush(bool wait);
    void drop_doomed();
    static std::string store_of(const std::string& family);

    std::filesystem::path directory_;
    std::string owner_;
    MemoryBudget::Engine& shared_;
    std::unique_ptr<rocksdb::DB> db_;
    std::map<std::string, rocksdb::ColumnFamilyHandle*> families_;
    std::size_t counted_families_ = 0;
    std::map<std::string, rocksdb::ColumnFamilyHandle*> doomed_;  // To be dropped.
    rocksdb::WriteBatch batch_;
    rocksdb::ReadOptions reading_;
};

}  // namespace millrace::state
