// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "state/stores/layered_store.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace millrace::state {

/// When rows that have a time expire: as in Kafka Streams' two kinds of window and session store.
///
/// Rows live in segments of `segment_interval`. On disk, a row is refused when its whole segment is
/// older than the retention; in memory, at `stream time - retention`, as if each millisecond were a
/// segment, and walks over several keys are in the order of that. Reads see rows from `stream time
/// - retention + 1` on, on both; where results are sent on close, some see one millisecond more.
struct SegmentExpiry {
    std::int64_t retention_ms = 0;
    std::int64_t segment_interval_ms = 1;
    bool exact = false;  ///< As in memory.
    bool one_more = false;

    std::int64_t segment(std::int64_t time) const { return time / segment_interval_ms; }
    bool live(std::int64_t time, std::int64_t stream_time) const {
        return exact ? time >= first_readable(stream_time)
                     : segment(time) >= segment(stream_time - retention_ms);
    }
    std::int64_t first_readable(std::int64_t stream_time) const {
        return stream_time - retention_ms + (one_more ? 0 : 1);
    }
    /// The first segment that may hold live rows.
    std::int64_t first_segment(std::int64_t stream_time) const {
        return segment(exact ? first_readable(stream_time) : stream_time - retention_ms);
    }
};

/// What window and session stores have in common: rows with a time, by which they are kept in
/// segments and expire. A key in the changelog is the row's key and a suffix of fixed size that
/// begins with the time; see state/format/window_key.hpp.
///
/// Stream time here is the largest time of a row that got below the cache.
class LayeredSegmentedStore : public LayeredStore {
  public:
    void committed() override;
    void roll_back() override;
    void restore(std::span<const ChangelogRecord> records) override;
    void expect(BytesView key) override;
    void clear() override;
    void save(Bytes& out) const override;
    void load(BytesView saved) override;

  protected:
    LayeredSegmentedStore(const detail::StoreSpec& spec, std::size_t index,
                          StoreEnvironment& environment, std::unique_ptr<Engine> engine,
                          std::size_t suffix_size);

    /// Writes a row below or into the cache. False when it has expired.
    bool write_row(BytesView table_key, const NullableBytes& value);

    /// Makes `out` a key of the table, of a row of `key` at that time, but for the suffix: that is
    /// to be written to what is returned.
    char* start_key(BytesView key, std::int64_t time, Bytes& out);

    /// Moves stream time without a row.
    void notice_time(std::int64_t time) noexcept { stream_time_ = std::max(stream_time_, time); }

    /// A row is restored.
    virtual void row_restored(BytesView) {}

    /// False while rows are written that leave stream time and counts of expired rows alone.
    virtual bool moves_stream_time() const { return true; }

    const SegmentExpiry& expiry() const noexcept { return expiry_; }

    /// A row of that time is to be seen in a record cache only.
    bool expired(std::int64_t time) const { return time < expiry_.first_readable(stream_time_); }

    struct Query {
        NullableOwnedBytes first{};  ///< Of keys, both included; absent: open.
        NullableOwnedBytes last{};
        std::int64_t from = 0;  ///< Of times, both included.
        std::int64_t to = 0;
        RowOrder order = RowOrder::kForward;
        bool ignore_expiry = false;  ///< Shows all rows of live segments.

        /// A further condition on a key of the changelog; empty: none.
        std::function<bool(BytesView)> wanted{};

        /// The order within a segment, on keys of the changelog; empty: as those compare.
        std::function<bool(BytesView, BytesView)> less{};
    };
    class Rows;

    /// Gives the rows of a key with from <= time <= to to `use`, as keys of the table and values,
    /// in the order of stores on disk, when all of them are in memory. Otherwise false, and nothing
    /// is done. `use` may change the store.
    bool for_each_in_memory(BytesView key, std::int64_t from, std::int64_t to,
                            const std::function<void(BytesView, BytesView)>& use);

  private:
    class WalkInMemory;

    bool accept(BytesView table_key) override;
    bool readable(BytesView table_key) const override;
    bool worth_storing(BytesView table_key) const override;
    std::int64_t time_of(BytesView key) const;
    std::int64_t segment_of(std::int64_t time);
    void note_segment(std::int64_t segment);
    void drop_expired();
    void forget_expired_segments(std::int64_t first);
    void cover_no_segment();

    static constexpr std::int64_t kNoSegment = std::numeric_limits<std::int64_t>::min();

    std::size_t suffix_size_;
    SegmentExpiry expiry_;
    std::int64_t stream_time_ = -1;
    std::int64_t committed_stream_time_ = -1;
    std::set<std::int64_t> segments_;          // That may hold rows.
    std::int64_t noted_segment_ = kNoSegment;  // The one that was put there last.
    std::size_t many_segments_ = 0;            // From which on it is worth looking which are empty.
    std::int64_t dropped_below_ = 0;           // In the engine.
    std::int64_t at_hand_segment_ = 0;         // That of the last time asked for,
    std::int64_t at_hand_from_ms_ = 0;         // and where it begins.
    bool accepted_ = true;                     // What accept() last said.
    std::vector<char> sought_;                 // Spare memory of for_each_in_memory.
    Bytes expected_;                           // And of expect.
};

/// Goes through the segments, latest last or first, and takes the rows that were asked for in each.
class LayeredSegmentedStore::Rows final : private Walk {
  public:
    /// Must not outlive the store.
    Rows(LayeredSegmentedStore& store, Query query);

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
    bool sees(const RecordEntry& entry) const override;
    bool of_one_key() const { return query_.first && query_.first == query_.last; }
    void open(std::int64_t segment);
    KeyRange range_in(std::int64_t segment) const;
    void collect();

    LayeredSegmentedStore* store_;
    Query query_;
    std::int64_t first_readable_ = 0;  // Of rows that are not in the record cache.
    std::vector<std::int64_t> segments_;
    std::int64_t at_segment_ = 0;  // The last one that was opened.
    std::optional<MergingIterator> rows_;
    bool sorted_;
    std::vector<std::pair<Bytes, Bytes>> collected_;  // Of one segment.
    std::size_t next_sorted_ = 0;
};

}  // namespace millrace::state
