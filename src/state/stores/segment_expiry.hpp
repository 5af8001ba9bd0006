// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/state/store_spec.hpp"
#include "state/engine/engine.hpp"

#include <cstdint>

namespace millrace::state {

/// When rows with a time expire: as in Kafka Streams' stores of windows, sessions and versions.
///
/// Rows are in segments of `segment_interval_ms`. On disk, a write is refused if its whole segment
/// is older than the retention; in memory, at `stream time - retention`, as if each millisecond
/// were a segment. Reads of windows and sessions return rows from `stream time - retention + 1` on,
/// for both; stores of results on close include one more millisecond.
struct SegmentExpiry {
    /// How to handle rows that are too old although their segment is live.
    enum class Hides {
        kNothing,          ///< Versions: the store decides itself.
        kFromReads,        ///< Sessions.
        kFromReadsAndDisk  ///< Windows: rows that reads hide are not written at the commit, either.
    };

    std::int64_t retention_ms = 0;
    std::int64_t segment_interval_ms = 1;
    bool exact = false;     ///< As in memory.
    bool one_more = false;  ///< One more millisecond is readable.
    Hides hides = Hides::kNothing;

    std::int64_t segment(std::int64_t time) const { return time / segment_interval_ms; }
    bool live(std::int64_t time, std::int64_t stream_time) const {
        return exact ? time >= first_readable(stream_time)
                     : segment(time) >= segment(stream_time - retention_ms);
    }
    std::int64_t first_readable(std::int64_t stream_time) const {
        return stream_time - retention_ms + (one_more ? 0 : 1);
    }
    /// The first segment that may have live rows.
    std::int64_t first_segment(std::int64_t stream_time) const {
        return segment(exact ? first_readable(stream_time) : stream_time - retention_ms);
    }
};

/// Of a store on that engine. Requires is_segmented(spec.kind).
SegmentExpiry segment_expiry_of(const detail::StoreSpec& spec, const Engine& engine);

}  // namespace millrace::state
