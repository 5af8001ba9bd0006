// SPDX-License-Identifier: Apache-2.0
#include "state/stores/segmented_rows.hpp"

#include "millrace/core/error.hpp"
#include "state/engine/key_range.hpp"
#include "state/format/window_key.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace millrace::state {
namespace {

/// Why `key` is no changelog key of the store; null if it is one. Stores of other kinds have keys
/// without times at their ends.
const char* why_no_row(BytesView key, const detail::StoreSpec& spec, std::size_t suffix_size) {
    if (key.size() < suffix_size) {
        return "the key is too short";
    }
    if (suffix_time_of(key, suffix_size) < 0) {
        return "the key has a negative time";
    }
    if (spec.kind == detail::StoreKind::kSession) {
        const SessionWindow session = session_of(key);
        if (session.start < Timestamp{} || session.end < session.start) {
            return "the key has a session that ends before it starts";
        }
    } else if (!spec.retain_duplicates && window_sequence_of(key) != 0) {
        return "the key has a sequence number, which only stores with duplicates write";
    }
    return nullptr;
}

[[noreturn]] void refuse_row(const ChangelogRecord& record, const detail::StoreSpec& spec,
                             const char* why) {
    throw StateError("the record at offset " + std::to_string(record.offset) + " is not of a " +
                     (spec.kind == detail::StoreKind::kSession ? "session" : "window") +
                     " store: " + why +
                     "; if the store was of another kind before, rename the store, or reset the "
                     "application: delete its state directory and the store's changelog topic");
}

}  // namespace

NullableBytes restore_rows(StoreLayers& layers, std::span<const ChangelogRecord> records) {
    RowExpiry& expiry = layers.expiry();
    const std::size_t suffix_size = expiry.suffix_size();
    for (const ChangelogRecord& record : records) {
        if (!record.key) {
            continue;
        }
        if (const char* why = why_no_row(*record.key, layers.spec(), suffix_size)) {
            refuse_row(record, layers.spec(), why);
        }
        expiry.advance(expiry.time_of(*record.key));
    }
    NullableBytes last;
    Bytes key;
    for (const ChangelogRecord& record : records) {
        if (!record.key) {
            continue;
        }
        const std::int64_t time = expiry.time_of(*record.key);
        if (!expiry.rule().live(time, expiry.stream_time())) {
            continue;
        }
        expiry.add_segment(expiry.segment_of(time));
        const BytesView suffix = record.key->substr(record.key->size() - suffix_size);
        char* to =
            start_key(layers, record.key->substr(0, record.key->size() - suffix_size), time, key);
        suffix.copy(to, suffix.size());
        layers.engine().put(key, layers.format().restored(record));
        layers.table().add_missing(key);
        last = record.key;
    }
    expiry.commit_stream_time();
    return last;
}

SegmentedRows::SegmentedRows(StoreLayers& layers, SegmentedQuery query)
    : Walk(layers.table().walks()),
      layers_(layers),
      query_(std::move(query)),
      first_readable_(query_.ignore_expiry ? 0 : layers.expiry().first_readable()),
      sorted_(static_cast<bool>(query_.less)) {
    const RowExpiry& expiry = layers.expiry();
    if (!layers.caching()) {
        query_.from = std::max(query_.from, first_readable_);
    }
    if (query_.ignore_expiry && expiry.rule().exact) {  // As if each millisecond were a segment.
        query_.from = std::max(query_.from, expiry.first_readable());
    }
    query_.from = std::max<std::int64_t>(query_.from, 0);
    if (query_.from > query_.to) {
        return;
    }
    std::int64_t first = expiry.rule().segment(query_.from);
    const std::int64_t last = expiry.rule().segment(query_.to);
    if (query_.ignore_expiry) {
        first = std::max(first, expiry.first_segment());
    }
    if (first > last) {
        return;
    }
    segments_.assign(expiry.segments().lower_bound(first), expiry.segments().upper_bound(last));
    if (query_.order == RowOrder::kForward) {
        std::reverse(segments_.begin(), segments_.end());  // Taken from the back.
    }
    find();
}

void SegmentedRows::next() {
    if (!sorted_) {
        rows_->next();
        find();
    } else if (++next_sorted_ == collected_.size()) {
        find();
    }
}

BytesView SegmentedRows::changelog_key() const {
    return rows_->key().substr(kSegmentSize);
}

// Stops at the next matching row.
void SegmentedRows::find() {
    while (!find_in_segment()) {
        if (segments_.empty()) {
            return;
        }
        open(segments_.back());
        segments_.pop_back();
    }
}

void SegmentedRows::open(std::int64_t segment) {
    const std::size_t group = of_one_key() ? kSegmentSize + query_.first->size() : 0;
    KeyRange range = range_in(segment);
    const bool in_memory =
        of_one_key() ? layers_.table().has_all_from(range.lower->substr(0, group), query_.from)
                     : layers_.table().has_all_from(query_.from);
    at_segment_ = segment;
    rows_.emplace(layers_.table(), layers_.engine(), std::move(range), query_.order,
                  static_cast<Walk&>(*this), group, !in_memory);
}

bool SegmentedRows::sees(const MemtableEntry& entry) const {
    return query_.ignore_expiry || layers_.readable(entry);
}

bool SegmentedRows::ahead(BytesView key) const {
    const auto segment = static_cast<std::int64_t>(read_big_endian(key.substr(0, kSegmentSize)));
    const bool coming =
        segment == at_segment_
            ? !sorted_ && rows_ && rows_->ahead(key)
            : !segments_.empty() && (segment > at_segment_) == (query_.order == RowOrder::kForward);
    return coming && wants(key.substr(kSegmentSize));
}

// False, without a current row, if the segment has no more rows.
bool SegmentedRows::find_in_segment() {
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

void SegmentedRows::collect() {
    for (; rows_->valid(); rows_->next()) {
        if (asked_for()) {
            collected_.emplace_back(changelog_key(), rows_->value());
        }
    }
    rows_.reset();
    std::sort(collected_.begin(), collected_.end(), [this](const auto& a, const auto& b) {
        return query_.order == RowOrder::kForward ? query_.less(a.first, b.first)
                                                  : query_.less(b.first, a.first);
    });
}

bool SegmentedRows::asked_for() const {
    const BytesView row = changelog_key();
    return wants(row) && (rows_->in_memory() || layers_.expiry().time_of(row) >= first_readable_);
}

bool SegmentedRows::wants(BytesView row) const {
    const std::int64_t time = layers_.expiry().time_of(row);
    const BytesView key = row.substr(0, row.size() - layers_.expiry().suffix_size());
    return query_.from <= time && time <= query_.to &&
           (!query_.first || key >= BytesView(*query_.first)) &&
           (!query_.last || key <= BytesView(*query_.last)) &&
           (!query_.wanted || query_.wanted(row));
}

KeyRange SegmentedRows::range_in(std::int64_t segment) const {
    KeyRange range;
    range.lower.emplace();
    append_segment(segment, *range.lower);
    if (of_one_key()) {
        range.upper = range.lower;
        range.lower->append(*query_.first);
        detail::append_time(timestamp_of(query_.from), *range.lower);
        range.upper->append(*query_.last);
        detail::append_time(timestamp_of(query_.to), *range.upper);
        range.upper->append(layers_.expiry().suffix_size() - kTimeSize, '\xff').push_back('\0');
        return range;
    }
    range.upper.emplace();
    if (query_.last && query_.last->find('\0') == Bytes::npos) {
        // Times start with a zero byte, so no key up to `last` sorts after this.
        append_segment(segment, *range.upper);
        range.upper->append(*query_.last).append(layers_.expiry().suffix_size(), '\xff');
    } else {
        append_big_endian(static_cast<std::uint64_t>(segment) + 1, kSegmentSize, *range.upper);
    }
    if (query_.first) {
        range.lower->append(*query_.first);
    }
    return range;
}

}  // namespace millrace::state
