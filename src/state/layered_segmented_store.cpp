// SPDX-License-Identifier: Apache-2.0
#include "state/layered_segmented_store.hpp"

#include "core/check.hpp"
#include "state/key_range.hpp"
#include "state/table_cursor.hpp"
#include "state/window_key.hpp"

#include <algorithm>
#include <utility>

namespace millrace::state {
namespace {

constexpr std::int64_t kShortestSegment = 60'000;

SegmentExpiry expiry_of(const detail::StoreSpec& spec, const Engine& engine) {
    SegmentExpiry expiry;
    expiry.retention_ms = spec.retention.count();
    expiry.exact = !engine.persistent();
    const bool session = spec.kind == detail::StoreKind::kSession;
    expiry.one_more = session ? spec.time_first && !spec.reproduce_kafka_defects
                              : spec.time_first && !expiry.exact;
    if (!expiry.exact) {
        expiry.segment_interval_ms = spec.segment_interval.count() != 0
                                         ? spec.segment_interval.count()
                                         : std::max(expiry.retention_ms / 2, kShortestSegment);
    }
    return expiry;
}

// What all keys of the table that are rows of `key` in that segment begin with. Returns what
// follows it.
char* write_group(std::int64_t segment, BytesView key, char* to) {
    detail::write_big_endian(segment, to);
    key.copy(to + kSegmentSize, key.size());
    return to + kSegmentSize + key.size();
}

void append_segment(std::int64_t segment, Bytes& out) {
    append_big_endian(static_cast<std::uint64_t>(segment), kSegmentSize, out);
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

bool LayeredSegmentedStore::for_each_in_memory(
    BytesView key, std::int64_t from, std::int64_t to,
    const std::function<void(const RecordTable::Entry&)>& use) {
    from = std::max<std::int64_t>(
        caching() ? from : std::max(from, expiry_.first_readable(stream_time_)), 0);
    if (expiry_.exact || engine().direct()) {
        return false;
    }
    // `use` may come here again: it takes memory of its own then.
    std::vector<char> sought;
    sought.swap(sought_);
    sought.resize(kSegmentSize + key.size() + suffix_size_);
    const auto first = segments_.lower_bound(segment_of(from));
    const auto in_range = [&](std::int64_t segment) {
        return segment * expiry_.segment_interval_ms <= to;
    };
    bool covered = true;
    for (auto at = first; covered && at != segments_.end() && in_range(*at); ++at) {
        write_group(*at, key, sought.data());
        covered = table().covers({sought.data(), kSegmentSize + key.size()}, from);
    }
    for (auto at = first; covered && at != segments_.end() && in_range(*at);
         at = segments_.upper_bound(*at)) {
        char* suffix = write_group(*at, key, sought.data());
        detail::write_big_endian(from, suffix);
        std::fill_n(suffix + kStartSize, suffix_size_ - kStartSize, '\0');
        for_each_in_segment(sought, to, use);
    }
    sought.swap(sought_);
    return covered;
}

// `sought` is where to begin, and afterwards where it ended.
void LayeredSegmentedStore::for_each_in_segment(
    std::span<char> sought, std::int64_t to,
    const std::function<void(const RecordTable::Entry&)>& use) {
    if (table().entries() == 0) {
        return;
    }
    const BytesView place(sought.data(), sought.size());
    const std::size_t group_size = place.size() - suffix_size_;
    TableCursor cursor(table(), place.substr(0, group_size));
    const RecordTable::Entry* entry = cursor.seek(place);
    while (entry != nullptr && time_of(entry->key()) <= to) {
        if (visible(*entry) && entry->value()) {
            entry->key().copy(sought.data() + group_size, suffix_size_, group_size);
            use(*entry);
            entry = cursor.next(place);
        } else {
            entry = cursor.next(entry->key());
        }
    }
}

LayeredSegmentedStore::Rows::Rows(LayeredSegmentedStore& store, Query query)
    : store_(&store),
      query_(std::move(query)),
      first_readable_(query_.ignore_expiry ? 0 : store.expiry_.first_readable(store.stream_time_)),
      sorted_(static_cast<bool>(query_.less)) {
    if (!store.caching()) {
        query_.from = std::max(query_.from, first_readable_);
    }
    query_.from = std::max<std::int64_t>(query_.from, 0);
    if (query_.from > query_.to) {
        return;
    }
    std::int64_t first = store.expiry_.segment(query_.from);
    const std::int64_t last = store.expiry_.segment(query_.to);
    if (query_.ignore_expiry) {
        first = std::max(first, store.expiry_.first_segment(store.stream_time_));
    }
    if (first > last) {
        return;
    }
    segments_.assign(store.segments_.lower_bound(first), store.segments_.upper_bound(last));
    if (query_.order == Order::kForward) {
        std::reverse(segments_.begin(), segments_.end());  // Taken from the back.
    }
    find();
}

void LayeredSegmentedStore::Rows::next() {
    if (!sorted_) {
        rows_->next();
        find();
    } else if (++next_sorted_ == collected_.size()) {
        find();
    }
}

BytesView LayeredSegmentedStore::Rows::changelog_key() const {
    return rows_->key().substr(kSegmentSize);
}

// Stops at the next row that was asked for.
void LayeredSegmentedStore::Rows::find() {
    while (!find_in_segment()) {
        if (segments_.empty()) {
            return;
        }
        open(segments_.back());
        segments_.pop_back();
    }
}

void LayeredSegmentedStore::Rows::open(std::int64_t segment) {
    const std::size_t group = of_one_key() ? kSegmentSize + query_.first->size() : 0;
    KeyRange range = range_in(segment);
    const bool in_memory = of_one_key()
                               ? store_->table().covers(range.lower->substr(0, group), query_.from)
                               : store_->table().covers(query_.from);
    rows_.emplace(
        store_->table(), store_->engine(), std::move(range), query_.order,
        [store = store_, all = query_.ignore_expiry](const RecordTable::Entry& entry) {
            return all || store->visible(entry);
        },
        group, !in_memory);
}

// False, with no rows at hand, when the segment has no more.
bool LayeredSegmentedStore::Rows::find_in_segment() {
    if (sorted_) {
        collected_.clear();
        next_sorted_ = 0;
        if (rows_) {
            collect();
        }
        return !collected_.empty();
    }
    for (; rows_ && rows_->valid(); rows_->next()) {
        if (asked_for()) {
            return true;
        }
    }
    rows_.reset();
    return false;
}

void LayeredSegmentedStore::Rows::collect() {
    for (; rows_->valid(); rows_->next()) {
        if (asked_for()) {
            collected_.emplace_back(changelog_key(), rows_->value());
        }
    }
    rows_.reset();
    std::sort(collected_.begin(), collected_.end(), [this](const auto& a, const auto& b) {
        return query_.order == Order::kForward ? query_.less(a.first, b.first)
                                               : query_.less(b.first, a.first);
    });
}

bool LayeredSegmentedStore::Rows::asked_for() const {
    const BytesView row = changelog_key();
    const std::int64_t time = store_->time_of(row);
    const BytesView key = row.substr(0, row.size() - store_->suffix_size_);
    return query_.from <= time && time <= query_.to &&
           (rows_->in_memory() || time >= first_readable_) &&
           (!query_.first || key >= BytesView(*query_.first)) &&
           (!query_.last || key <= BytesView(*query_.last)) &&
           (!query_.wanted || query_.wanted(row));
}

KeyRange LayeredSegmentedStore::Rows::range_in(std::int64_t segment) const {
    KeyRange range;
    range.lower.emplace();
    append_segment(segment, *range.lower);
    if (of_one_key()) {
        range.upper = range.lower;
        range.lower->append(*query_.first);
        append_timestamp(timestamp_of(query_.from), *range.lower);
        range.upper->append(*query_.last);
        append_timestamp(timestamp_of(query_.to), *range.upper);
        range.upper->append(store_->suffix_size_ - kStartSize, '\xff').push_back('\0');
        return range;
    }
    range.upper.emplace();
    if (query_.last && query_.last->find('\0') == Bytes::npos) {
        // Times begin with a zero byte, so nothing up to `last` sorts behind this.
        append_segment(segment, *range.upper);
        range.upper->append(*query_.last).append(store_->suffix_size_, '\xff');
    } else {
        append_segment(segment + 1, *range.upper);
    }
    if (query_.first) {
        range.lower->append(*query_.first);
    }
    return range;
}

}  // namespace millrace::state
