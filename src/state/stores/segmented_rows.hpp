// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "state/memtable/merging_iterator.hpp"
#include "state/stores/store_layers.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace millrace::state {

/// Sets `out` to the store key of a row of `key` at that time, without the suffix: the caller
/// writes it at the returned position.
inline char* start_key(StoreLayers& layers, BytesView key, std::int64_t time, Bytes& out) {
    RowExpiry& expiry = layers.expiry();
    out.resize(kSegmentSize + key.size() + expiry.suffix_size());
    return write_group(expiry.segment_of(time), key, out.data());
}

/// Puts those `records` that have not expired into the engine. Returns the changelog key of the
/// last one, a view of `records`; empty: all have expired. Throws StateError if a key cannot be of
/// the kind of the store.
NullableBytes restore_rows(StoreLayers& layers, std::span<const ChangelogRecord> records);

/// Rows of a segmented store to iterate over.
struct SegmentedQuery {
    NullableOwnedBytes first{};  ///< Key range, inclusive; absent: open.
    NullableOwnedBytes last{};
    std::int64_t from = 0;  ///< Of times, both included.
    std::int64_t to = 0;
    RowOrder order = RowOrder::kForward;
    bool ignore_expiry = false;  ///< Returns all rows of live segments.

    /// Another condition on a changelog key; empty: none.
    std::function<bool(BytesView)> wanted{};

    /// The order within a segment, of changelog keys; empty: byte order.
    std::function<bool(BytesView, BytesView)> less{};
};

/// Iterates over the matching rows, segment by segment, ascending or descending.
class SegmentedRows final : private Walk {
  public:
    /// Must not outlive the store.
    SegmentedRows(StoreLayers& layers, SegmentedQuery query);

    bool valid() const { return sorted_ ? next_sorted_ < collected_.size() : rows_.has_value(); }
    void next();

    /// As in the changelog.
    BytesView key() const {
        return sorted_ ? BytesView(collected_[next_sorted_].first) : changelog_key();
    }
    BytesView value() const {
        return sorted_ ? BytesView(collected_[next_sorted_].second) : rows_->value();
    }

  private:
    BytesView changelog_key() const;
    void find();
    bool find_in_segment();
    bool asked_for() const;
    bool wants(BytesView changelog_key) const;
    bool ahead(BytesView key) const override;
    bool sees(const MemtableEntry& entry) const override;
    bool of_one_key() const { return query_.first && query_.first == query_.last; }
    void open(std::int64_t segment);
    KeyRange range_in(std::int64_t segment) const;
    void collect();

    StoreLayers& layers_;
    SegmentedQuery query_;
    std::int64_t first_readable_ = 0;  // Of rows that are not in the record cache.
    std::vector<std::int64_t> segments_;
    std::int64_t at_segment_ = 0;  // The last opened one.
    std::optional<MergingIterator> rows_;
    bool sorted_;
    std::vector<std::pair<Bytes, Bytes>> collected_;  // Of one segment.
    std::size_t next_sorted_ = 0;
};

/// What an iterator of a window or session store returns: the value without headers, or the
/// complete row.
enum class Show { kValues, kRows };

/// Base class of the iterators of window and session stores. `Base` is the public iterator.
template <class Base>
class SegmentedIterator : public Base {
  public:
    SegmentedIterator(StoreLayers& layers, Show show, SegmentedQuery query)
        : format_(layers.format()), show_(show), rows_(layers, std::move(query)) {}

    bool valid() const final { return rows_.valid(); }
    void next() final { rows_.next(); }
    BytesView value() const final {
        return show_ == Show::kRows ? rows_.value() : *format_.value_of(rows_.value());
    }

  protected:
    BytesView changelog_key() const { return rows_.key(); }

  private:
    const RowFormat& format_;
    Show show_;
    SegmentedRows rows_;
};

/// Finds the rows of one key without an iterator if all of them are in memory.
class RowsInMemory {
  public:
    explicit RowsInMemory(StoreLayers& layers) : layers_(layers) {}

    /// Calls `use` with key and value of each row of `key` with from <= time <= to, in the order of
    /// stores on disk. Returns false without effect if some may be on disk only. `use` may change
    /// the store, and call this again.
    bool for_each(BytesView key, std::int64_t from, std::int64_t to,
                  const std::function<void(BytesView, BytesView)>& use);

  private:
    StoreLayers& layers_;
    std::vector<char> sought_;  // Spare memory.
};

}  // namespace millrace::state
