// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/state/bytes_store.hpp"
#include "state/engine/key_range.hpp"
#include "state/engine/rocksdb/rocks_database.hpp"

#include <rocksdb/iterator.h>

#include <memory>

namespace millrace::state {

/// A column family and a spare iterator of it, because creating one costs as much as the search.
/// The spare iterator pins memory of the database: release it at every commit.
class SpareIterator {
  public:
    SpareIterator(RocksDatabase& database, rocksdb::ColumnFamilyHandle* family)
        : database_(&database), family_(family) {}

    rocksdb::ColumnFamilyHandle* family() const noexcept { return family_; }

    std::unique_ptr<rocksdb::Iterator> take();
    void give_back(std::unique_ptr<rocksdb::Iterator> iterator) { iterator_ = std::move(iterator); }
    void release() { iterator_.reset(); }

  private:
    RocksDatabase* database_;
    rocksdb::ColumnFamilyHandle* family_;
    std::unique_ptr<rocksdb::Iterator> iterator_;
};

/// Iterates over a range of one column family. `prefix` is prepended to each key and is part of the
/// range.
class RocksIterator final : public BytesIterator {
  public:
    RocksIterator(RocksDatabase& database, std::shared_ptr<SpareIterator> spare, KeyRange range,
                  RowOrder order, BytesView prefix);
    ~RocksIterator() override;

    bool valid() const override { return valid_; }
    void next() override;
    BytesView key() const override { return key_; }
    BytesView value() const override;

  private:
    void read();

    RocksDatabase& database_;
    // Shared: the family may be dropped before this is destroyed.
    std::shared_ptr<SpareIterator> spare_;
    std::unique_ptr<rocksdb::Iterator> rows_;
    KeyRange range_;
    RowOrder order_;
    Bytes prefix_;
    Bytes prefixed_key_;
    BytesView key_;
    bool valid_ = false;
};

}  // namespace millrace::state
