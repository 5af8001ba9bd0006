// SPDX-License-Identifier: Apache-2.0
#include "state/engine/rocksdb/rocks_engine.hpp"

#include "core/check.hpp"

namespace millrace::state {

RocksEngine::RocksEngine(RocksDatabase& database, const std::string& store)
    : database_(database),
      family_("kv:" + store),
      spare_(std::make_shared<SpareIterator>(database, database.find_or_create(family_))) {}

NullableBytes RocksEngine::get(BytesView key) {
    pinned_.Reset();
    const rocksdb::Status status =
        database_.db().Get(database_.reading(), spare_->family(), key, &pinned_);
    if (status.IsNotFound()) {
        return std::nullopt;
    }
    database_.check(status, "read");
    return pinned_.ToStringView();
}

void RocksEngine::put(BytesView key, const NullableBytes& value) {
    if (loader_) {
        loader_->put(key, value);
        return;
    }
    rocksdb::WriteBatch& batch = database_.batch();
    database_.check(
        value ? batch.Put(spare_->family(), key, *value) : batch.Delete(spare_->family(), key),
        "write");
}

std::unique_ptr<BytesIterator> RocksEngine::iterate(const KeyRange& range, RowOrder order) {
    return std::make_unique<RocksIterator>(database_, spare_, range, order, BytesView{});
}

std::uint64_t RocksEngine::approximate_num_entries() {
    std::uint64_t count = 0;
    database_.db().GetIntProperty(spare_->family(), rocksdb::DB::Properties::kEstimateNumKeys,
                                  &count);
    return count;
}

void RocksEngine::clear() {
    loader_.reset();
    pinned_.Reset();
    spare_->release();
    database_.drop(family_);
    spare_ = std::make_shared<SpareIterator>(database_, database_.find_or_create(family_));
}

void RocksEngine::begin_load() {
    loader_.emplace(database_, [this](BytesView) { return spare_->family(); }, 0);
}

void RocksEngine::end_load() {
    MILLRACE_CHECK(loader_.has_value());
    loader_->finish();
    loader_.reset();
}

}  // namespace millrace::state
