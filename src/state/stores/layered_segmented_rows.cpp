// SPDX-License-Identifier: Apache-2.0
// How the rows of a segmented store are walked.
#include "state/engine/key_range.hpp"
#include "state/format/window_key.hpp"
#include "state/memtable/table_cursor.hpp"
#include "state/stores/layered_segmented_store.hpp"

#include <algorithm>
#include <utility>

namespace millrace::state {

// The rows of one key in the table, segment by segment.
class LayeredSegmentedStore::WalkInMemory final : private Walk {
  public:
    using Use = std::function<void(BytesView key, BytesView value)>;

    /// `place`: the key of the table to begin at in the segment at hand, and then where this is.
    WalkInMemory(LayeredSegmentedStore& store, std::span<char> place, std::int64_t to)
        : Walk(store.table().walks()), store_(store), place_(place), to_(to) {}

    void in_segment(const Use& use) {
        if (has_kept()) [[unlikely]] {
            in_segment_with_kept(Bytes(place()), use);
            return;
        }
        RecordTable& table = store_.table();
        if (table.entries() == 0) {
            return;
        }
        TableCursor cursor(table, group());
        const RecordTable::Entry* entry = cursor.seek(place());
        while (entry != nullptr && store_.time_of(entry->key()) <= to_) {
            const NullableBytes value = entry->value();
            if (!value || !store_.visible(*entry)) {
                entry = cursor.next(entry->key());
                continue;
            }
            move_to(entry->key());
            use(place(), *value);
            if (has_kept()) [[unlikely]] {
                in_segment_with_kept(Bytes(place()) + '\0', use);
                return;
            }
            entry = cursor.next(place());
        }
    }

  private:
    BytesView place() const { return {place_.data(), place_.size()}; }
    BytesView group() const { return place().substr(0, place_.size() - store_.suffix_size_); }
    void move_to(BytesView key) {
        const std::size_t size = group().size();
        key.copy(place_.data() + size, store_.suffix_size_, size);
    }

    // `use` has changed rows that come later.
    void in_segment_with_kept(Bytes from, const Use& use) {
        KeyRange range;
        range.upper = Bytes(group());
        append_timestamp(timestamp_of(to_), *range.upper);
        range.upper->append(store_.suffix_size_ - kStartSize, '\xff').push_back('\0');
        range.lower = std::move(from);
        const std::size_t group_size = group().size();
        MergingIterator rows(store_.table(), store_.engine(), std::move(range), RowOrder::kForward,
                             *this, group_size, false);
        for (; rows.valid(); rows.next()) {
            move_to(rows.key());
            use(rows.key(), rows.value());
        }
    }

    // Segments that `use` adds hold nothing but rows that came later than this.
    bool ahead(BytesView key) const override {
        return key.size() == place_.size() && key > place() &&
               key.substr(kSegmentSize, group().size() - kSegmentSize) ==
                   group().substr(kSegmentSize) &&
               store_.time_of(key) <= to_;
    }
    bool sees(const RecordEntry& entry) const override { return store_.visible(entry); }

    LayeredSegmentedStore& store_;
    std::span<char> place_;
    std::int64_t to_;
};

bool LayeredSegmentedStore::for_each_in_memory(
    BytesView key, std::int64_t from, std::int64_t to,
    const std::function<void(BytesView, BytesView)>& use) {
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
    if (covered) {
        WalkInMemory walk(*this, sought, to);
        for (auto at = first; at != segments_.end() && in_range(*at);
             at = segments_.upper_bound(*at)) {
            char* suffix = write_group(*at, key, sought.data());
            detail::write_big_endian(from, suffix);
            std::fill_n(suffix + kStartSize, suffix_size_ - kStartSize, '\0');
            walk.in_segment(use);
        }
    }
    sought.swap(sought_);
    return covered;
}

LayeredSegmentedStore::Rows::Rows(LayeredSegmentedStore& store, Query query)
    : Walk(store.table().walks()),
      store_(&store),
      query_(std::move(query)),
      first_readable_(query_.ignore_expiry ? 0 : store.expiry_.first_readable(store.stream_time_)),
      sorted_(static_cast<bool>(query_.less)) {
    if (!store.caching()) {
        query_.from = std::max(query_.from, first_readable_);
    }
    if (query_.ignore_expiry && store.expiry_.exact) {  // As if each millisecond were a segment.
        query_.from = std::max(query_.from, store.expiry_.first_readable(store.stream_time_));
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
    if (query_.order == RowOrder::kForward) {
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
    at_segment_ = segment;
    rows_.emplace(store_->table(), store_->engine(), std::move(range), query_.order,
                  static_cast<Walk&>(*this), group, !in_memory);
}

bool LayeredSegmentedStore::Rows::sees(const RecordEntry& entry) const {
    return query_.ignore_expiry || store_->visible(entry);
}

bool LayeredSegmentedStore::Rows::ahead(BytesView key) const {
    const auto segment = static_cast<std::int64_t>(read_big_endian(key.substr(0, kSegmentSize)));
    const bool coming =
        segment == at_segment_
            ? !sorted_ && rows_ && rows_->ahead(key)
            : !segments_.empty() && (segment > at_segment_) == (query_.order == RowOrder::kForward);
    return coming && wants(key.substr(kSegmentSize));
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
        return query_.order == RowOrder::kForward ? query_.less(a.first, b.first)
                                                  : query_.less(b.first, a.first);
    });
}

bool LayeredSegmentedStore::Rows::asked_for() const {
    const BytesView row = changelog_key();
    return wants(row) && (rows_->in_memory() || store_->time_of(row) >= first_readable_);
}

bool LayeredSegmentedStore::Rows::wants(BytesView row) const {
    const std::int64_t time = store_->time_of(row);
    const BytesView key = row.substr(0, row.size() - store_->suffix_size_);
    return query_.from <= time && time <= query_.to &&
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
