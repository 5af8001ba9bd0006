// SPDX-License-Identifier: Apache-2.0
#include "state/engine/rocksdb/segment_engine.hpp"

#include "core/check.hpp"
#include "state/format/window_key.hpp"

#include <charconv>

namespace millrace::state {
namespace {

std::int64_t segment_of(BytesView key) {
    MILLRACE_CHECK(key.size() >= kSegmentSize);
    return static_cast<std::int64_t>(read_big_endian(key.substr(0, kSegmentSize)));
}

// Empty range.
class NoRows final : public BytesIterator {
  public:
    bool valid() const override { return false; }
    void next() override {}
    BytesView key() const override { return {}; }
    BytesView value() const override { return {}; }
};

}  // namespace

SegmentEngine::SegmentEngine(RocksDatabase& database, const std::string& store)
    : database_(database), store_(store) {
    for (const std::string& family : database.families()) {
        std::int64_t segment = 0;
        const auto [end, error] =
            std::from_chars(family.data(), family.data() + family.size(), segment);
        if (error == std::errc{} && family == family_name(segment)) {
            segments_.emplace(segment,
                              std::make_shared<SpareIterator>(database, database.find(family)));
        }
    }
}

std::string SegmentEngine::family_name(std::int64_t segment) const {
    return std::to_string(segment) + ":" + store_;
}

SpareIterator* SegmentEngine::find(BytesView key) const {
    const auto found = segments_.find(segment_of(key));
    return found == segments_.end() ? nullptr : found->second.get();
}

rocksdb::ColumnFamilyHandle* SegmentEngine::find_or_create(BytesView key) {
    if (const SpareIterator* found = find(key)) {
        return found->family();
    }
    const std::int64_t segment = segment_of(key);
    auto spare =
        std::make_shared<SpareIterator>(database_, database_.find_or_create(family_name(segment)));
    return segments_.emplace(segment, std::move(spare)).first->second->family();
}

NullableBytes SegmentEngine::get(BytesView key) {
    const SpareIterator* segment = find(key);
    if (segment == nullptr) {
        return std::nullopt;
    }
    pinned_.Reset();
    const rocksdb::Status status = database_.db().Get(database_.reading(), segment->family(),
                                                      key.substr(kSegmentSize), &pinned_);
    if (status.IsNotFound()) {
        return std::nullopt;
    }
    database_.check(status, "read");
    return pinned_.ToStringView();
}

void SegmentEngine::put(BytesView key, const NullableBytes& value) {
    if (loader_) {
        loader_->put(key, value);
        return;
    }
    if (!value && find(key) == nullptr) {
        return;
    }
    rocksdb::ColumnFamilyHandle* family = find_or_create(key);
    rocksdb::WriteBatch& batch = database_.batch();
    key.remove_prefix(kSegmentSize);
    database_.check(value ? batch.Put(family, key, *value) : batch.Delete(family, key), "write");
}

std::unique_ptr<BytesIterator> SegmentEngine::iterate(const KeyRange& range, RowOrder order) {
    MILLRACE_CHECK(range.lower && range.lower->size() >= kSegmentSize);
    const auto found = segments_.find(segment_of(*range.lower));
    if (found == segments_.end()) {
        return std::make_unique<NoRows>();
    }
    return std::make_unique<RocksIterator>(database_, found->second, range, order,
                                           BytesView(*range.lower).substr(0, kSegmentSize));
}

std::uint64_t SegmentEngine::approximate_num_entries() {
    std::uint64_t sum = 0;
    for (const auto& [segment, spare] : segments_) {
        std::uint64_t count = 0;
        database_.db().GetIntProperty(spare->family(), rocksdb::DB::Properties::kEstimateNumKeys,
                                      &count);
        sum += count;
    }
    return sum;
}

void SegmentEngine::drop_first() {
    const auto first = segments_.begin();
    first->second->release();
    database_.drop(family_name(first->first));
    segments_.erase(first);
}

void SegmentEngine::drop_below(BytesView end) {
    const std::int64_t first_kept = segment_of(end);
    pinned_.Reset();
    while (!segments_.empty() && segments_.begin()->first < first_kept) {
        drop_first();
    }
}

void SegmentEngine::clear() {
    loader_.reset();
    pinned_.Reset();
    while (!segments_.empty()) {
        drop_first();
    }
}

std::vector<std::int64_t> SegmentEngine::segments() {
    std::vector<std::int64_t> all;
    all.reserve(segments_.size());
    for (const auto& [segment, spare] : segments_) {
        all.push_back(segment);
    }
    return all;
}

void SegmentEngine::begin_load() {
    loader_.emplace(database_, [this](BytesView key) { return find_or_create(key); }, kSegmentSize);
}

void SegmentEngine::end_load() {
    MILLRACE_CHECK(loader_.has_value());
    loader_->finish();
    loader_.reset();
}

void SegmentEngine::commit() {
    for (const auto& [segment, spare] : segments_) {
        spare->release();
    }
}

}  // namespace millrace::state
