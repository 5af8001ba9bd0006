// SPDX-License-Identifier: Apache-2.0
#include "state/layered_window_store.hpp"

#include "core/check.hpp"
#include "state/key_range.hpp"
#include "state/window_key.hpp"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace millrace::state {
namespace {

constexpr std::int64_t kShortestSegment = 60'000;

WindowExpiry expiry_of(const detail::StoreSpec& spec, const Engine& engine) {
    WindowExpiry expiry;
    expiry.retention_ms = spec.retention.count();
    expiry.exact = !engine.persistent();
    if (!expiry.exact) {
        expiry.segment_interval_ms = spec.segment_interval.count() != 0
                                         ? spec.segment_interval.count()
                                         : std::max(expiry.retention_ms / 2, kShortestSegment);
    }
    return expiry;
}

std::int64_t start_of(BytesView table_key) {
    return milliseconds_of(window_start_of(table_key));
}

void append_segment(std::int64_t segment, Bytes& out) {
    append_big_endian(static_cast<std::uint64_t>(segment), kSegmentSize, out);
}

}  // namespace

LayeredWindowStore::LayeredWindowStore(const detail::StoreSpec& spec, std::size_t index,
                                       StoreEnvironment& environment,
                                       std::unique_ptr<Engine> engine)
    : LayeredStore(spec, index, environment, std::move(engine), kSegmentSize),
      expiry_(expiry_of(spec, LayeredStore::engine())) {
    const std::vector<std::int64_t> segments = LayeredStore::engine().segments();
    segments_.insert(segments.begin(), segments.end());
}

void LayeredWindowStore::make_key(BytesView key, Timestamp start, std::uint32_t sequence) {
    key_.clear();
    append_segment(expiry_.segment(milliseconds_of(start)), key_);
    append_window_key(key, start, sequence, key_);
}

bool LayeredWindowStore::put(BytesView key, Timestamp window_start, NullableBytes value) {
    if (spec().retain_duplicates) {
        // Kafka Streams numbers the rows and their changelog apart: a null changes no row but is
        // logged.
        clock_.logged_sequence = (clock_.logged_sequence + 1) & 0x7fffffffU;
        logged_key_.clear();
        append_window_key(key, window_start, clock_.logged_sequence, logged_key_);
        if (!value) {
            if (environment().context != nullptr) {
                log(logged_key_, value, environment().context->record());
            }
            return true;
        }
        clock_.sequence = (clock_.sequence + 1) & 0x7fffffffU;
    }
    make_key(key, window_start, clock_.sequence);
    accepted_ = true;
    if (caching()) {
        segments_.insert(expiry_.segment(milliseconds_of(window_start)));
    }
    write(key_, value);
    return accepted_;
}

BytesView LayeredWindowStore::logged_key(BytesView table_key) const {
    return spec().retain_duplicates ? BytesView(logged_key_) : LayeredStore::logged_key(table_key);
}

bool LayeredWindowStore::accept(BytesView table_key) {
    const std::int64_t start = start_of(table_key);
    clock_.stream_time = std::max(clock_.stream_time, start);
    accepted_ = expiry_.live(start, clock_.stream_time);
    if (accepted_) {
        segments_.insert(expiry_.segment(start));
    } else if (environment().context != nullptr) {
        environment().context->dropped_expired(spec().name);
    }
    return accepted_;
}

bool LayeredWindowStore::readable(BytesView table_key) const {
    return start_of(table_key) >= expiry_.first_readable(clock_.stream_time);
}

bool LayeredWindowStore::worth_storing(BytesView table_key) const {
    return expiry_.segment(start_of(table_key)) >= expiry_.first_segment(clock_.stream_time);
}

NullableBytes LayeredWindowStore::fetch(BytesView key, Timestamp window_start) {
    make_key(key, window_start, 0);
    return read(key_);
}

// Goes through the segments, latest last or first, and takes the rows of a stretch of keys in each.
class LayeredWindowStore::Iterator final : public WindowBytesIterator {
  public:
    struct Query {
        NullableOwnedBytes first;  // Both included.
        NullableOwnedBytes last;
        std::int64_t from = 0;
        std::int64_t to = 0;
        std::int64_t first_readable = 0;  // Of rows that are not in the record cache.
    };

    Iterator(LayeredWindowStore& store, Query query, Order order)
        : store_(&store), query_(std::move(query)), order_(order) {
        if (query_.from > query_.to) {
            return;
        }
        const auto begin = store.segments_.lower_bound(store.expiry_.segment(query_.from));
        const auto end = store.segments_.upper_bound(store.expiry_.segment(query_.to));
        segments_.assign(begin, end);
        if (order == Order::kForward) {
            std::reverse(segments_.begin(), segments_.end());  // Taken from the back.
        }
        find();
    }

    bool valid() const override { return rows_ != nullptr; }
    void next() override {
        rows_->next();
        find();
    }
    BytesView key() const override { return window_key_of(changelog_key()); }
    Timestamp window_start() const override { return window_start_of(changelog_key()); }
    BytesView value() const override { return rows_->value(); }

  private:
    BytesView changelog_key() const { return rows_->key().substr(kSegmentSize); }

    // Stops at the next row that was asked for.
    void find() {
        while (true) {
            for (; rows_ != nullptr && rows_->valid(); rows_->next()) {
                if (asked_for()) {
                    return;
                }
            }
            rows_.reset();
            if (segments_.empty()) {
                return;
            }
            rows_ = store_->iterate(range_in(segments_.back()), order_);
            segments_.pop_back();
        }
    }

    bool asked_for() const {
        const std::int64_t start = milliseconds_of(window_start());
        return query_.from <= start && start <= query_.to &&
               (rows_->in_memory() || start >= query_.first_readable) &&
               (!query_.first || key() >= BytesView(*query_.first)) &&
               (!query_.last || key() <= BytesView(*query_.last));
    }

    KeyRange range_in(std::int64_t segment) const {
        KeyRange range;
        range.lower.emplace();
        append_segment(segment, *range.lower);
        if (query_.first && query_.first == query_.last) {
            range.upper = range.lower;
            append_window_key(*query_.first, timestamp_of(query_.from), 0, *range.lower);
            append_window_key(*query_.last, timestamp_of(query_.to), 0xffffffffU, *range.upper);
            range.upper->push_back('\0');
            return range;
        }
        range.upper.emplace();
        if (query_.last && query_.last->find('\0') == Bytes::npos) {
            // Starts begin with a zero byte, so nothing up to `last` sorts behind this.
            append_segment(segment, *range.upper);
            range.upper->append(*query_.last).append(kWindowSuffixSize, '\xff');
        } else {
            append_segment(segment + 1, *range.upper);
        }
        if (query_.first) {
            range.lower->append(*query_.first);
        }
        return range;
    }

    LayeredWindowStore* store_;
    Query query_;
    Order order_;
    std::vector<std::int64_t> segments_;
    std::unique_ptr<MergingIterator> rows_;
};

std::unique_ptr<WindowBytesIterator> LayeredWindowStore::fetch(BytesView key, Timestamp from,
                                                               Timestamp to, Order order) {
    return fetch_range(key, key, from, to, order);
}

std::unique_ptr<WindowBytesIterator> LayeredWindowStore::fetch_range(NullableBytes first,
                                                                     NullableBytes last,
                                                                     Timestamp from, Timestamp to,
                                                                     Order order) {
    Iterator::Query query;
    if (first) {
        query.first = Bytes(*first);
    }
    if (last) {
        query.last = Bytes(*last);
    }
    query.from = milliseconds_of(from);
    query.to = milliseconds_of(to);
    query.first_readable = expiry_.first_readable(clock_.stream_time);
    if (!caching()) {
        query.from = std::max(query.from, query.first_readable);
    }
    query.from = std::max<std::int64_t>(query.from, 0);
    return std::make_unique<Iterator>(*this, std::move(query), order);
}

void LayeredWindowStore::committed() {
    LayeredStore::committed();
    drop_expired();
    committed_clock_ = clock_;
}

void LayeredWindowStore::roll_back() {
    LayeredStore::roll_back();
    clock_ = committed_clock_;
}

void LayeredWindowStore::drop_expired() {
    const std::int64_t first = expiry_.first_segment(clock_.stream_time);
    if (segments_.empty() || *segments_.begin() >= first) {
        return;
    }
    segments_.erase(segments_.begin(), segments_.lower_bound(first));
    Bytes end;
    append_segment(first, end);
    engine().drop_below(end);
}

void LayeredWindowStore::restore(std::span<const ChangelogRecord> records) {
    const auto is_row = [](const ChangelogRecord& record) {
        return record.key && record.key->size() >= kWindowSuffixSize;
    };
    for (const ChangelogRecord& record : records) {
        if (is_row(record)) {
            clock_.stream_time = std::max(clock_.stream_time, start_of(*record.key));
        }
    }
    for (const ChangelogRecord& record : records) {
        if (!is_row(record)) {
            continue;
        }
        const std::int64_t start = start_of(*record.key);
        if (!expiry_.live(start, clock_.stream_time)) {
            continue;
        }
        const std::int64_t segment = expiry_.segment(start);
        segments_.insert(segment);
        if (spec().retain_duplicates) {
            clock_.sequence = clock_.logged_sequence = window_sequence_of(*record.key);
        }
        key_.clear();
        append_segment(segment, key_);
        key_.append(*record.key);
        engine().put(key_, stored_value(record));
    }
    committed_clock_ = clock_;
}

void LayeredWindowStore::clear() {
    LayeredStore::clear();
    segments_.clear();
    clock_ = {};
    committed_clock_ = {};
}

void LayeredWindowStore::save(Bytes& out) const {
    append_timestamp(timestamp_of(clock_.stream_time), out);
    // From here on both go on from the larger one, so that no row and no change is overwritten.
    append_big_endian(std::max(clock_.sequence, clock_.logged_sequence), kSequenceSize, out);
}

void LayeredWindowStore::load(BytesView saved) {
    MILLRACE_CHECK(saved.size() == kWindowSuffixSize);
    clock_.stream_time = milliseconds_of(read_timestamp(saved.substr(0, kStartSize)));
    clock_.sequence = static_cast<std::uint32_t>(read_big_endian(saved.substr(kStartSize)));
    clock_.logged_sequence = clock_.sequence;
    committed_clock_ = clock_;
}

}  // namespace millrace::state
