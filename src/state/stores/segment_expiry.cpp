// SPDX-License-Identifier: Apache-2.0
#include "state/stores/segment_expiry.hpp"

#include "state/format/segment_interval.hpp"

#include <algorithm>

namespace millrace::state {
namespace {

using Hides = SegmentExpiry::Hides;

Hides hides(detail::StoreKind kind) {
    switch (kind) {
        case detail::StoreKind::kVersionedKeyValue:
            return Hides::kNothing;
        case detail::StoreKind::kSession:
            // find_ended() returns sessions as long as their segment exists.
            return Hides::kFromReads;
        default:
            return Hides::kFromReadsAndDisk;
    }
}

}  // namespace

SegmentExpiry segment_expiry_of(const detail::StoreSpec& spec, const Engine& engine) {
    SegmentExpiry expiry;
    expiry.retention_ms = spec.retention.count();
    expiry.hides = hides(spec.kind);
    if (spec.kind == detail::StoreKind::kVersionedKeyValue) {
        expiry.segment_interval_ms = segment_interval_ms(spec);
        return expiry;
    }
    expiry.exact = !engine.persistent();
    const bool session = spec.kind == detail::StoreKind::kSession;
    expiry.one_more = session ? spec.time_first && !spec.reproduce_kafka_defects
                              : spec.time_first && !expiry.exact;
    if (expiry.exact) {
        // Results on close are found by time, over all keys: short segments are better. Other
        // stores read the rows of one key, which are together within a segment.
        constexpr std::int64_t kSegments = 8;
        expiry.segment_interval_ms =
            spec.time_first ? 1 : std::max<std::int64_t>(expiry.retention_ms / kSegments, 1);
    } else {
        expiry.segment_interval_ms = segment_interval_ms(spec);
    }
    return expiry;
}

}  // namespace millrace::state
