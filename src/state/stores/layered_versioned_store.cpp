// SPDX-License-Identifier: Apache-2.0
#include "state/stores/layered_versioned_store.hpp"

#include "core/check.hpp"
#include "state/format/segment_interval.hpp"
#include "state/format/window_key.hpp"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace millrace::state {
namespace {

constexpr std::int64_t kLatest = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kTimeSize = 8;

NullableOwnedBytes owned(const NullableBytes& bytes) {
    return bytes ? NullableOwnedBytes(Bytes(*bytes)) : std::nullopt;
}

std::int64_t latest_time(BytesView row) {
    return milliseconds_of(read_timestamp(row.substr(0, kTimeSize)));
}

}  // namespace

LayeredVersionedStore::LayeredVersionedStore(const detail::StoreSpec& spec, std::size_t index,
                                             StoreEnvironment& environment,
                                             std::unique_ptr<Engine> engine)
    : LayeredStore(spec, index, environment, std::move(engine), kSegmentSize),
      history_ms_(spec.retention.count()),
      segment_interval_ms_(state::segment_interval_ms(spec)) {
    const std::vector<std::int64_t> segments = LayeredStore::engine().segments();
    segments_.insert(segments.begin(), segments.end());
    segments_.erase(kLatest);
}

VersionPut LayeredVersionedStore::put(BytesView key, const NullableBytes& value,
                                      Timestamp timestamp) {
    const std::int64_t time = milliseconds_of(timestamp);
    VersionPut result;
    if (time >= oldest()) {
        stream_time_ = std::max(stream_time_, time);
        const std::optional<std::int64_t> end = insert(key, value, time);
        result.stored = true;
        if (end) {
            result.valid_to = timestamp_of(*end);
        }
    } else if (environment().context != nullptr) {
        environment().context->dropped_expired(spec().name);
    }
    log_as_is(key, value, timestamp, nullptr);  // Kafka Streams logs what it dropped, too.
    return result;
}

std::optional<std::int64_t> LayeredVersionedStore::insert(BytesView key, const NullableBytes& value,
                                                          std::int64_t time) {
    const NullableBytes latest = read(key_in(kLatest, key));
    if (!latest) {
        return insert_into_history(key, value, time, std::nullopt);
    }
    const std::int64_t from = latest_time(*latest);
    if (time < from) {
        return insert_into_history(key, value, time, from);
    }
    if (time > from) {
        const Bytes ended(latest->substr(kTimeSize));
        append(key, from, time, BytesView(ended));
    } else if (!value && spec().reproduce_kafka_defects) {
        store_row(key_in(kLatest, key), std::nullopt);
        return std::nullopt;
    }
    insert_latest(key, value, time);
    return std::nullopt;
}

// `end` is when the version ends, as far as is known: at first, the time of the latest value.
std::optional<std::int64_t> LayeredVersionedStore::insert_into_history(
    BytesView key, const NullableBytes& value, std::int64_t time, std::optional<std::int64_t> end) {
    const std::int64_t last = segment_of(time);
    for (auto it = segments_.rbegin(); it != segments_.rend() && *it >= last; ++it) {
        const std::int64_t segment = *it;
        const NullableBytes bytes = read(key_in(segment, key));
        if (!bytes) {
            continue;
        }
        if (row_next(*bytes) <= time) {
            break;  // As do the rows of all earlier segments.
        }
        if (row_first(*bytes) <= time) {
            const RowVersion version = version_at(*bytes, time);
            split(key, segment, *bytes, version, time, value);
            return version.to;
        }
        end = row_first(*bytes);
    }
    if (!end) {
        insert_latest(key, value, time);
        return std::nullopt;
    }
    const std::int64_t segment = segment_of(*end);
    const NullableBytes row = read(key_in(segment, key));
    row_.clear();
    if (!row) {
        write_version_row(time, *end, value, row_);
    } else if (row_next(*row) <= time) {
        append_to_version_row(*row, time, *end, value, row_);
    } else {
        prepend_to_version_row(*row, time, value, row_);
    }
    store_history(segment, key);
    return end;
}

// Puts a version into the middle of another one, or in its place.
void LayeredVersionedStore::split(BytesView key, std::int64_t segment, BytesView row,
                                  const RowVersion& version, std::int64_t time,
                                  const NullableBytes& value) {
    row_.clear();
    if (version.from < time && segment_of(time) == segment) {
        insert_into_version_row(row, version, time, value, row_);
        store_history(segment, key);
        return;
    }
    // Only the first version of a row can have begun before the row's segment.
    const NullableOwnedBytes before = version.from < time ? owned(version.value) : std::nullopt;
    replace_in_version_row(row, version, time, value, row_);
    store_history(segment, key);
    if (version.from < time) {
        append(key, version.from, time, before ? NullableBytes(*before) : std::nullopt);
    }
}

void LayeredVersionedStore::insert_latest(BytesView key, const NullableBytes& value,
                                          std::int64_t time) {
    if (!value) {
        store_row(key_in(kLatest, key), std::nullopt);
        note_removal(key, time);
        return;
    }
    row_.clear();
    append_timestamp(timestamp_of(time), row_);
    row_.append(*value);
    store_row(key_in(kLatest, key), BytesView(row_));
}

// A version behind all others that have ended.
void LayeredVersionedStore::append(BytesView key, std::int64_t from, std::int64_t to,
                                   const NullableBytes& value) {
    const std::int64_t segment = segment_of(to);
    const NullableBytes row = read(key_in(segment, key));
    row_.clear();
    if (row) {
        append_to_version_row(*row, from, to, value, row_);
    } else {
        write_version_row(from, to, value, row_);
    }
    store_history(segment, key);
}

// Removals are not among the latest values, where they would stay for ever.
void LayeredVersionedStore::note_removal(BytesView key, std::int64_t time) {
    const std::int64_t segment = segment_of(time);
    const NullableBytes row = read(key_in(segment, key));
    row_.clear();
    if (row) {
        end_version_row(*row, time, row_);
    } else {
        write_version_row(time, time, std::nullopt, row_);
    }
    store_history(segment, key);
}

std::optional<VersionedBytes> LayeredVersionedStore::get(BytesView key) {
    const NullableBytes latest = read(key_in(kLatest, key));
    if (!latest) {
        return std::nullopt;
    }
    return VersionedBytes{latest->substr(kTimeSize), timestamp_of(latest_time(*latest)), {}};
}

std::optional<VersionedBytes> LayeredVersionedStore::get(BytesView key, Timestamp as_of) {
    const std::optional<VersionedBytes> latest = get(key);
    if (latest && latest->timestamp <= as_of) {
        return latest;
    }
    const std::int64_t time = milliseconds_of(as_of);
    if (time < oldest()) {
        return std::nullopt;
    }
    const std::int64_t last = segment_of(time);
    for (auto it = segments_.rbegin(); it != segments_.rend() && *it >= last; ++it) {
        const NullableBytes bytes = read(key_in(*it, key));
        if (!bytes) {
            continue;
        }
        if (row_next(*bytes) <= time) {
            return std::nullopt;
        }
        if (row_first(*bytes) > time) {
            continue;
        }
        const RowVersion version = version_at(*bytes, time);
        if (!version.value) {
            return std::nullopt;
        }
        return VersionedBytes{*version.value, timestamp_of(version.from), timestamp_of(version.to)};
    }
    return std::nullopt;
}

BytesView LayeredVersionedStore::key_in(std::int64_t segment, BytesView key) {
    key_.clear();
    append_big_endian(static_cast<std::uint64_t>(segment), kSegmentSize, key_);
    key_.append(key);
    return key_;
}

// What is in row_.
void LayeredVersionedStore::store_history(std::int64_t segment, BytesView key) {
    segments_.insert(segment);
    store_row(key_in(segment, key), BytesView(row_));
}

bool LayeredVersionedStore::worth_storing(BytesView table_key) const {
    const auto segment =
        static_cast<std::int64_t>(read_big_endian(table_key.substr(0, kSegmentSize)));
    return segment >= segment_of(oldest());
}

void LayeredVersionedStore::committed() {
    LayeredStore::committed();
    drop_expired();
    committed_stream_time_ = stream_time_;
}

void LayeredVersionedStore::roll_back() {
    LayeredStore::roll_back();
    stream_time_ = committed_stream_time_;
}

void LayeredVersionedStore::drop_expired() {
    const std::int64_t first = segment_of(std::max<std::int64_t>(oldest(), 0));
    if (segments_.empty() || *segments_.begin() >= first) {
        return;
    }
    segments_.erase(segments_.begin(), segments_.lower_bound(first));
    Bytes end;
    append_big_endian(static_cast<std::uint64_t>(first), kSegmentSize, end);
    engine().drop_below(end);
}

void LayeredVersionedStore::restore(std::span<const ChangelogRecord> records) {
    for (const ChangelogRecord& record : records) {
        const std::int64_t time = milliseconds_of(record.timestamp);
        if (!record.key || time < oldest()) {
            continue;
        }
        stream_time_ = std::max(stream_time_, time);
        insert(*record.key, record.value, time);
    }
    store_changes();
}

void LayeredVersionedStore::clear() {
    LayeredStore::clear();
    segments_.clear();
    stream_time_ = committed_stream_time_ = -1;
}

void LayeredVersionedStore::save(Bytes& out) const {
    append_timestamp(timestamp_of(stream_time_), out);
}

void LayeredVersionedStore::load(BytesView saved) {
    MILLRACE_CHECK(saved.size() == kTimeSize);
    stream_time_ = committed_stream_time_ = milliseconds_of(read_timestamp(saved));
}

}  // namespace millrace::state
