// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "state/engine/engine.hpp"
#include "state/engine/rocksdb/bulk_loader.hpp"
#include "state/engine/rocksdb/rocks_iterator.hpp"

#include <rocksdb/slice.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::state {

/// A store whose keys start with a segment (state/format/window_key.hpp), with a column family for
/// each segment. Therefore dropping old segments is free and leaves no tombstones. The segment
/// itself is not stored. A range must be within one segment.
class SegmentEngine final : public Engine {
  public:
    SegmentEngine(RocksDatabase& database, const std::string& store);

    NullableBytes get(BytesView key) override;
    void put(BytesView key, const NullableBytes& value) override;
    std::unique_ptr<BytesIterator> iterate(const KeyRange& range, RowOrder order) override;
    std::uint64_t approximate_num_entries() override;
    void drop_below(BytesView end) override;
    void clear() override;
    bool empty() override { return segments_.empty(); }
    bool persistent() const override { return true; }
    std::vector<std::int64_t> segments() override;
    void begin_load() override;
    void end_load() override;
    bool settle_load() override { return loader_->settle(); }
    void commit() override;

  private:
    std::string family_name(std::int64_t segment) const;
    SpareIterator* find(BytesView key) const;
    rocksdb::ColumnFamilyHandle* find_or_create(BytesView key);
    void drop_first();

    RocksDatabase& database_;
    std::string store_;
    std::map<std::int64_t, std::shared_ptr<SpareIterator>> segments_;
    rocksdb::PinnableSlice pinned_;
    std::optional<BulkLoader> loader_;
};

}  // namespace millrace::state
