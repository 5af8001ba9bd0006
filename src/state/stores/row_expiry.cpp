// SPDX-License-Identifier: Apache-2.0
#include "state/stores/row_expiry.hpp"

#include "core/check.hpp"

#include <utility>
#include <vector>

namespace millrace::state {
namespace {

// Versioned stores keep their latest values there, which never expire.
constexpr std::int64_t kLatestVersions = std::numeric_limits<std::int64_t>::max();

}  // namespace

RowExpiry::RowExpiry(const SegmentExpiry& rule, Engine& engine, std::size_t suffix_size)
    : rule_(rule), suffix_size_(suffix_size) {
    const std::vector<std::int64_t> segments = engine.segments();
    segments_.insert(segments.begin(), segments.end());
    segments_.erase(kLatestVersions);
}

bool RowExpiry::admit(BytesView key, bool moves_stream_time) {
    const std::int64_t time = time_of(key);
    if (moves_stream_time) {
        advance(time);
    }
    if (!rule_.live(time, stream_time_)) {
        return false;
    }
    add_segment_of(key);
    return true;
}

bool RowExpiry::storable(BytesView key) const {
    return rule_.hides == SegmentExpiry::Hides::kFromReadsAndDisk
               ? readable(time_of(key))
               : segment_in(key) >= first_segment();
}

void RowExpiry::committed(Engine& engine, const Memtable* cache) {
    commit_stream_time();
    const std::int64_t first = first_segment();
    if (segments_.empty() || *segments_.begin() >= first) {
        return;
    }
    forget_segments_below(first, cache);
    if (dropped_below_ < first) {
        Bytes end;
        append_segment(first, end);
        engine.drop_below(end);
        dropped_below_ = first;
    }
}

void RowExpiry::forget_segments_below(std::int64_t first, const Memtable* cache) {
    const auto live = segments_.lower_bound(first);
    added_segment_ = kNoSegment;
    if (cache == nullptr) {
        segments_.erase(segments_.begin(), live);
        return;
    }
    if (segments_.size() < many_segments_) {
        return;
    }
    std::set<std::int64_t> held(live, segments_.end());
    cache->for_each(
        [&held](const Memtable::Entry& entry) { held.insert(segment_in(entry.key())); });
    segments_ = std::move(held);
    constexpr std::size_t kFew = 32;
    many_segments_ = std::max(kFew, 2 * segments_.size());
}

void RowExpiry::clear() {
    segments_.clear();
    added_segment_ = kNoSegment;
    stream_time_ = -1;
    committed_stream_time_ = -1;
    dropped_below_ = 0;
}

void RowExpiry::save(Bytes& out) const {
    detail::append_time(timestamp_of(stream_time_), out);
}

void RowExpiry::load(BytesView saved) {
    MILLRACE_CHECK(saved.size() >= kTimeSize);
    stream_time_ = milliseconds_of(read_time(saved, 0));
    committed_stream_time_ = stream_time_;
}

}  // namespace millrace::state
