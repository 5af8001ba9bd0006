// SPDX-License-Identifier: Apache-2.0
#include "state/stores/layered_segmented_store.hpp"

#include "core/check.hpp"
#include "state/engine/key_range.hpp"
#include "state/format/segment_interval.hpp"
#include "state/format/window_key.hpp"

#include <algorithm>
#include <utility>

namespace millrace::state {
namespace {

SegmentExpiry expiry_of(const detail::StoreSpec& spec, const Engine& engine) {
    SegmentExpiry expiry;
    expiry.retention_ms = spec.retention.count();
    expiry.exact = !engine.persistent();
    const bool session = spec.kind == detail::StoreKind::kSession;
    expiry.one_more = session ? spec.time_first && !spec.reproduce_kafka_defects
                              : spec.time_first && !expiry.exact;
    if (expiry.exact) {
        // Walks over all keys are by time, so that the closing of windows is best off with segments
        // as short as can be. Others fetch the rows of a key: those lie together in a segment.
        constexpr std::int64_t kSegments = 8;
        expiry.segment_interval_ms =
            spec.time_first ? 1 : std::max<std::int64_t>(expiry.retention_ms / kSegments, 1);
    } else {
        expiry.segment_interval_ms = segment_interval_ms(spec);
    }
    return expiry;
}

}  // namespace

LayeredSegmentedStore::LayeredSegmentedStore(const detail::StoreSpec& spec, std::size_t index,
                                             StoreEnvironment& environment,
                                             std::unique_ptr<Engine> engine,
                                             std::size_t suffix_size)
    : LayeredStore(spec, index, environment, std::move(engine), kSegmentSize, suffix_size),
      suffix_size_(suffix_size),
      expiry_(expiry_of(spec, LayeredStore::engine())) {
    const std::vector<std::int64_t> segments = LayeredStore::engine().segments();
    segments_.insert(segments.begin(), segments.end());
    cover_no_segment();
}

// Whatever is in the segments that there are may not be in memory.
void LayeredSegmentedStore::cover_no_segment() {
    if (!engine().direct()) {  // Those may have rows that we were not told of.
        table().cover_from(
            segments_.empty() ? 0 : (*segments_.rbegin() + 1) * expiry_.segment_interval_ms);
    }
}

std::int64_t LayeredSegmentedStore::time_of(BytesView key) const {
    return suffix_time_of(key, suffix_size_);
}

// Most rows are of the segment of the row before; that spares them a division.
std::int64_t LayeredSegmentedStore::segment_of(std::int64_t time) {
    if (time < 0) {
        return expiry_.segment(time);
    }
    if (time < at_hand_from_ms_ || time - at_hand_from_ms_ >= expiry_.segment_interval_ms) {
        at_hand_segment_ = expiry_.segment(time);
        at_hand_from_ms_ = at_hand_segment_ * expiry_.segment_interval_ms;
    }
    return at_hand_segment_;
}

void LayeredSegmentedStore::note_segment(std::int64_t segment) {
    if (segment != noted_segment_) {
        segments_.insert(segment);
        noted_segment_ = segment;
    }
}

char* LayeredSegmentedStore::start_key(BytesView key, std::int64_t time, Bytes& out) {
    out.resize(kSegmentSize + key.size() + suffix_size_);
    return write_group(segment_of(time), key, out.data());
}

bool LayeredSegmentedStore::write_row(BytesView table_key, const NullableBytes& value) {
    accepted_ = true;
    if (caching()) {
        note_segment(segment_of(time_of(table_key)));
    }
    write(table_key, value);
    return accepted_;
}

bool LayeredSegmentedStore::accept(BytesView table_key) {
    const std::int64_t time = time_of(table_key);
    const bool counts = moves_stream_time();
    if (counts) {
        stream_time_ = std::max(stream_time_, time);
    }
    accepted_ = expiry_.live(time, stream_time_);
    if (accepted_) {
        note_segment(segment_of(time));
    } else if (counts && environment().context != nullptr) {
        environment().context->dropped_expired(spec().name);
    }
    return accepted_;
}

bool LayeredSegmentedStore::readable(BytesView table_key) const {
    return !expired(time_of(table_key));
}

// Rows that expired before the commit are never seen again. Sessions are, when they are sent on
// close, as long as their segment lives.
bool LayeredSegmentedStore::worth_storing(BytesView table_key) const {
    const std::int64_t time = time_of(table_key);
    if (spec().kind == detail::StoreKind::kSession) {
        return expiry_.segment(time) >= expiry_.first_segment(stream_time_);
    }
    return !expired(time);  // The segment of all others lives.
}

// Most probably it is looked for where the last one was.
void LayeredSegmentedStore::expect(BytesView key) {
    table().next_hints();
    if (table().uses_groups()) {
        expected_.resize(kSegmentSize + key.size());
        write_group(at_hand_segment_, key, expected_.data());
        table().expect_group(expected_);
    }
}

void LayeredSegmentedStore::committed() {
    LayeredStore::committed();
    drop_expired();
    committed_stream_time_ = stream_time_;
}

void LayeredSegmentedStore::roll_back() {
    LayeredStore::roll_back();
    cover_no_segment();
    stream_time_ = committed_stream_time_;
}

void LayeredSegmentedStore::drop_expired() {
    const std::int64_t first = expiry_.first_segment(stream_time_);
    if (segments_.empty() || *segments_.begin() >= first) {
        return;
    }
    forget_expired_segments(first);
    if (dropped_below_ < first) {
        Bytes end;
        append_segment(first, end);
        engine().drop_below(end);
        dropped_below_ = first;
    }
}

// Rows that have expired are seen as long as the record cache holds them, wherever the store is.
void LayeredSegmentedStore::forget_expired_segments(std::int64_t first) {
    const auto live = segments_.lower_bound(first);
    noted_segment_ = kNoSegment;
    if (!caching()) {
        segments_.erase(segments_.begin(), live);
        return;
    }
    if (segments_.size() < many_segments_) {
        return;
    }
    std::set<std::int64_t> held(live, segments_.end());
    table().for_each([&](const RecordTable::Entry& entry) {
        held.insert(expiry_.segment(time_of(entry.key())));
    });
    segments_ = std::move(held);
    constexpr std::size_t kFew = 32;
    many_segments_ = std::max(kFew, 2 * segments_.size());
}

void LayeredSegmentedStore::restore(std::span<const ChangelogRecord> records) {
    const auto is_row = [this](const ChangelogRecord& record) {
        return record.key && record.key->size() >= suffix_size_;
    };
    for (const ChangelogRecord& record : records) {
        if (is_row(record)) {
            stream_time_ = std::max(stream_time_, time_of(*record.key));
        }
    }
    Bytes key;
    for (const ChangelogRecord& record : records) {
        if (!is_row(record)) {
            continue;
        }
        const std::int64_t time = time_of(*record.key);
        if (!expiry_.live(time, stream_time_)) {
            continue;
        }
        note_segment(segment_of(time));
        row_restored(*record.key);
        const BytesView suffix = record.key->substr(record.key->size() - suffix_size_);
        char* to = start_key(record.key->substr(0, record.key->size() - suffix_size_), time, key);
        suffix.copy(to, suffix.size());
        engine().put(key, stored_value(record));
        table().uncover(key);
    }
    committed_stream_time_ = stream_time_;
}

void LayeredSegmentedStore::clear() {
    LayeredStore::clear();
    segments_.clear();
    noted_segment_ = kNoSegment;
    cover_no_segment();
    stream_time_ = -1;
    committed_stream_time_ = -1;
    dropped_below_ = 0;
}

void LayeredSegmentedStore::save(Bytes& out) const {
    append_timestamp(timestamp_of(stream_time_), out);
}

void LayeredSegmentedStore::load(BytesView saved) {
    MILLRACE_CHECK(saved.size() >= kStartSize);
    stream_time_ = milliseconds_of(read_timestamp(saved.substr(0, kStartSize)));
    committed_stream_time_ = stream_time_;
}

}  // namespace millrace::state
