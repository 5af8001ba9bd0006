// SPDX-License-Identifier: Apache-2.0
#include "state/task/segment_check.hpp"

#include "millrace/core/error.hpp"
#include "state/engine/key_range.hpp"
#include "state/format/segment_interval.hpp"
#include "state/format/version_row.hpp"
#include "state/format/window_key.hpp"

#include <cstdint>
#include <limits>
#include <optional>

namespace millrace::state {

using detail::StoreKind;

namespace {

constexpr std::int64_t kLatestVersions = std::numeric_limits<std::int64_t>::max();

// The time that determines a row's segment; empty: it is not a row of such a store.
std::optional<std::int64_t> time_of(const detail::StoreSpec& spec, BytesView key, BytesView value) {
    if (spec.kind == StoreKind::kVersionedKeyValue) {
        return value.size() < kTimeSize ? std::nullopt : std::optional(row_next(value));
    }
    const std::size_t suffix =
        spec.kind == StoreKind::kSession ? kSessionSuffixSize : kWindowSuffixSize;
    if (key.size() < kSegmentSize + suffix) {
        return std::nullopt;
    }
    return suffix_time_of(key, suffix);
}

KeyRange range_of(std::int64_t segment) {
    KeyRange range;
    range.lower.emplace();
    append_big_endian(static_cast<std::uint64_t>(segment), kSegmentSize, *range.lower);
    range.upper.emplace();
    append_big_endian(static_cast<std::uint64_t>(segment) + 1, kSegmentSize, *range.upper);
    return range;
}

}  // namespace

void check_segments(Engine& engine, const detail::StoreSpec& spec, const std::string& where) {
    const std::int64_t interval = segment_interval_ms(spec);
    const bool versioned = spec.kind == StoreKind::kVersionedKeyValue;
    for (const std::int64_t segment : engine.segments()) {
        if (versioned && segment == kLatestVersions) {
            continue;
        }
        const auto row = engine.iterate(range_of(segment), RowOrder::kForward);
        if (!row->valid()) {
            continue;
        }
        const std::optional<std::int64_t> time = time_of(spec, row->key(), row->value());
        if (!time || *time / interval != segment) {
            throw StateError("cannot use the state on disk: " + where +
                             ": its rows were written with another retention, by an older version "
                             "of Millrace that did not record it, and there is no changelog to "
                             "rebuild it from; set the former retention, or delete the task's "
                             "folder, which loses the content of the store");
        }
    }
}

}  // namespace millrace::state
