// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/core/saturating.hpp"
#include "state/engine/engine.hpp"
#include "state/format/window_key.hpp"
#include "state/memtable/memtable.hpp"
#include "state/stores/segment_expiry.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>

namespace millrace::state {

/// Which rows of a segmented store are live: its stream time, and the segments that may have rows.
///
/// Keys here are those of the store: 8 bytes segment, the key proper, and a fixed-size suffix that
/// starts with the time (state/format/window_key.hpp). Stream time is the largest time of a row
/// that passed the record cache; for versioned stores, the largest timestamp that was put.
///
/// Not thread-safe.
class RowExpiry {
  public:
    /// Reads the segments that `engine` has. `suffix_size`: 0 for versioned stores, whose keys have
    /// no time.
    RowExpiry(const SegmentExpiry& rule, Engine& engine, std::size_t suffix_size);

    const SegmentExpiry& rule() const noexcept { return rule_; }
    std::size_t suffix_size() const noexcept { return suffix_size_; }
    std::int64_t stream_time() const noexcept { return stream_time_; }
    const std::set<std::int64_t>& segments() const noexcept { return segments_; }

    std::int64_t time_of(BytesView key) const { return suffix_time_of(key, suffix_size_); }

    /// Like rule().segment(), faster for the last requested segment.
    std::int64_t segment_of(std::int64_t time) {
        if (time < 0) {
            return rule_.segment(time);
        }
        if (time < last_segment_from_ms_ ||
            time - last_segment_from_ms_ >= rule_.segment_interval_ms) {
            last_segment_ = rule_.segment(time);
            last_segment_from_ms_ = last_segment_ * rule_.segment_interval_ms;
        }
        return last_segment_;
    }
    std::int64_t last_segment() const noexcept { return last_segment_; }

    void advance(std::int64_t time) noexcept { stream_time_ = std::max(stream_time_, time); }

    /// The segment may have rows from now on.
    void add_segment(std::int64_t segment) {
        if (segment != added_segment_) {
            segments_.insert(segment);
            added_segment_ = segment;
        }
    }
    void add_segment_of(BytesView key) { add_segment(segment_in(key)); }

    /// A row is written below the record cache. False: it has expired.
    bool admit(BytesView key, bool moves_stream_time);

    /// Whether reads return rows with that time, or key, outside of a record cache.
    std::int64_t first_readable() const { return rule_.first_readable(stream_time_); }
    std::int64_t first_segment() const { return rule_.first_segment(stream_time_); }
    bool readable(std::int64_t time) const { return time >= first_readable(); }
    bool readable(BytesView key) const {
        return rule_.hides == SegmentExpiry::Hides::kNothing || readable(time_of(key));
    }

    /// Whether an uncommitted row will ever be read.
    bool storable(BytesView key) const;

    /// The engine has no rows of that time or later.
    std::int64_t end_of_segments() const {
        const std::int64_t interval = rule_.segment_interval_ms;
        return segments_.empty() ? 0
                                 : detail::saturating_add(*segments_.rbegin() * interval, interval);
    }

    /// Commits stream time and drops expired segments. `cache`: the rows of a record cache, which
    /// returns all its rows, expired or not; null: there is none.
    void committed(Engine& engine, const Memtable* cache);
    void roll_back() noexcept { stream_time_ = committed_stream_time_; }
    void clear();

    /// After rows were restored.
    void commit_stream_time() noexcept { committed_stream_time_ = stream_time_; }
    void save(Bytes& out) const;
    void load(BytesView saved);

  private:
    static std::int64_t segment_in(BytesView key) {
        return static_cast<std::int64_t>(read_big_endian(key.substr(0, kSegmentSize)));
    }
    void forget_segments_below(std::int64_t first, const Memtable* cache);

    static constexpr std::int64_t kNoSegment = std::numeric_limits<std::int64_t>::min();

    SegmentExpiry rule_;
    std::size_t suffix_size_;
    std::int64_t stream_time_ = -1;
    std::int64_t committed_stream_time_ = -1;
    std::set<std::int64_t> segments_;
    std::int64_t added_segment_ = kNoSegment;  // The last one.
    std::size_t many_segments_ = 0;            // From which on empty segments are searched.
    std::int64_t dropped_below_ = 0;           // In the engine.
    std::int64_t last_segment_ = 0;            // That segment_of() returned,
    std::int64_t last_segment_from_ms_ = 0;    // and where it begins.
};

}  // namespace millrace::state
