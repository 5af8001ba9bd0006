// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "state/engine/engine.hpp"
#include "state/engine/rocksdb/bulk_loader.hpp"
#include "state/engine/rocksdb/rocks_iterator.hpp"

#include <rocksdb/slice.h>

#include <memory>
#include <optional>
#include <string>

namespace millrace::state {

/// A key-value store in its own column family.
class RocksEngine final : public Engine {
  public:
    RocksEngine(RocksDatabase& database, const std::string& store);

    NullableBytes get(BytesView key) override;
    void put(BytesView key, const NullableBytes& value) override;
    std::unique_ptr<BytesIterator> iterate(const KeyRange& range, RowOrder order) override;
    std::uint64_t approximate_num_entries() override;
    void clear() override;
    bool empty() override { return !iterate({}, RowOrder::kForward)->valid(); }
    bool persistent() const override { return true; }
    void begin_load() override;
    void end_load() override;
    bool settle_load() override { return loader_->settle(); }
    void commit() override { spare_->release(); }

  private:
    RocksDatabase& database_;
    std::string family_;
    std::shared_ptr<SpareIterator> spare_;
    rocksdb::PinnableSlice pinned_;
    std::optional<BulkLoader> loader_;
};

}  // namespace millrace::state
