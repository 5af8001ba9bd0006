// SPDX-License-Identifier: Apache-2.0
#include "state/format/segment_interval.hpp"

#include "core/check.hpp"

#include <algorithm>
#include <limits>

namespace millrace::state {
namespace {

constexpr std::int64_t kShortestSegment = 60'000;

std::int64_t of_windows(std::int64_t retention) {
    return std::max(retention / 2, kShortestSegment);
}

// Kafka Streams' value: short enough that little is kept beyond the history, long enough that a
// key's versions are not spread over many segments.
std::int64_t of_versions(std::int64_t history) {
    struct Step {
        std::int64_t up_to;
        std::int64_t parts;
        std::int64_t at_least;
    };
    constexpr std::int64_t kNoEnd = std::numeric_limits<std::int64_t>::max();
    constexpr Step kSteps[] = {
        {60'000, 3, 2'000}, {300'000, 5, 20'000}, {3'600'000, 12, 60'000}, {kNoEnd, 24, 300'000}};
    for (const Step& step : kSteps) {
        if (history <= step.up_to) {
            return std::max(history / step.parts, step.at_least);
        }
    }
    return history;
}

}  // namespace

bool is_segmented(detail::StoreKind kind) {
    using detail::StoreKind;
    return kind == StoreKind::kWindow || kind == StoreKind::kTimestampedWindow ||
           kind == StoreKind::kSession || kind == StoreKind::kVersionedKeyValue;
}

std::int64_t segment_interval_ms(const detail::StoreSpec& spec) {
    MILLRACE_CHECK(is_segmented(spec.kind));
    if (spec.segment_interval.count() != 0) {
        return spec.segment_interval.count();
    }
    return spec.kind == detail::StoreKind::kVersionedKeyValue ? of_versions(spec.retention.count())
                                                              : of_windows(spec.retention.count());
}

}  // namespace millrace::state
