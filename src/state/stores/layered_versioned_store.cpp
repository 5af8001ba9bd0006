// SPDX-License-Identifier: Apache-2.0
#include "state/stores/layered_versioned_store.hpp"

#include "core/check.hpp"
#include "state/format/window_key.hpp"
#include "state/stores/put_times.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>
#include <vector>

namespace millrace::state {
namespace {

constexpr std::int64_t kLatest = std::numeric_limits<std::int64_t>::max();

NullableOwnedBytes owned(const NullableBytes& bytes) {
    return bytes ? NullableOwnedBytes(Bytes(*bytes)) : std::nullopt;
}

std::int64_t latest_time(BytesView row) {
    return milliseconds_of(read_time(row, 0));
}

}  // namespace

LayeredVersionedStore::LayeredVersionedStore(const detail::StoreSpec& spec, std::size_t index,
                                             StoreEnvironment& environment,
                                             std::unique_ptr<Engine> engine)
    : LayeredStore(spec, index, environment, std::move(engine)) {}

VersionPut LayeredVersionedStore::put(BytesView key, const NullableBytes& value,
                                      Timestamp timestamp) {
    check_timestamp(spec(), timestamp);
    const std::int64_t time = milliseconds_of(timestamp);
    VersionPut result;
    if (time >= oldest()) {
        layers_.expiry().advance(time);
        const std::optional<std::int64_t> end = insert(key, value, time);
        result.stored = true;
        if (end) {
            result.valid_to = timestamp_of(*end);
        }
    } else if (layers_.context() != nullptr) {
        layers_.context()->dropped_expired(spec().name);
    }
    // Kafka Streams also logs dropped versions.
    layers_.changelog().append(key, value, timestamp, nullptr);
    return result;
}

std::optional<std::int64_t> LayeredVersionedStore::insert(BytesView key, const NullableBytes& value,
                                                          std::int64_t time) {
    const NullableBytes latest = layers_.read(key_in(kLatest, key));
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
        layers_.write_unlogged(key_in(kLatest, key), std::nullopt);
        return std::nullopt;
    }
    insert_latest(key, value, time);
    return std::nullopt;
}

// `end` is the known end of the version: initially, the time of the latest value.
std::optional<std::int64_t> LayeredVersionedStore::insert_into_history(
    BytesView key, const NullableBytes& value, std::int64_t time, std::optional<std::int64_t> end) {
    const std::int64_t last = segment_of(time);
    const std::set<std::int64_t>& segments = layers_.expiry().segments();
    for (auto it = segments.rbegin(); it != segments.rend() && *it >= last; ++it) {
        const std::int64_t segment = *it;
        const NullableBytes bytes = layers_.read(key_in(segment, key));
        if (!bytes) {
            continue;
        }
        if (row_next(*bytes) <= time) {
            break;  // Like the rows of all earlier segments.
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
    const NullableBytes row = layers_.read(key_in(segment, key));
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

// Inserts a version into another one, or replaces it.
void LayeredVersionedStore::split(BytesView key, std::int64_t segment, BytesView row,
                                  const RowVersion& version, std::int64_t time,
                                  const NullableBytes& value) {
    row_.clear();
    if (version.from < time && segment_of(time) == segment) {
        insert_into_version_row(row, version, time, value, row_);
        store_history(segment, key);
        return;
    }
    // Only the first version of a row can have started before the row's segment.
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
        layers_.write_unlogged(key_in(kLatest, key), std::nullopt);
        note_removal(key, time);
        return;
    }
    row_.clear();
    detail::append_time(timestamp_of(time), row_);
    row_.append(*value);
    layers_.write_unlogged(key_in(kLatest, key), BytesView(row_));
}

// A version after all others that have ended.
void LayeredVersionedStore::append(BytesView key, std::int64_t from, std::int64_t to,
                                   const NullableBytes& value) {
    const std::int64_t segment = segment_of(to);
    const NullableBytes row = layers_.read(key_in(segment, key));
    row_.clear();
    if (row) {
        append_to_version_row(*row, from, to, value, row_);
    } else {
        write_version_row(from, to, value, row_);
    }
    store_history(segment, key);
}

// Deletions are not stored among the latest values, where they would stay forever.
void LayeredVersionedStore::note_removal(BytesView key, std::int64_t time) {
    const std::int64_t segment = segment_of(time);
    const NullableBytes row = layers_.read(key_in(segment, key));
    row_.clear();
    if (row) {
        end_version_row(*row, time, row_);
    } else {
        write_version_row(time, time, std::nullopt, row_);
    }
    store_history(segment, key);
}

std::optional<VersionedBytes> LayeredVersionedStore::get(BytesView key) {
    const NullableBytes latest = layers_.read(key_in(kLatest, key));
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
    const std::set<std::int64_t>& segments = layers_.expiry().segments();
    for (auto it = segments.rbegin(); it != segments.rend() && *it >= last; ++it) {
        const NullableBytes bytes = layers_.read(key_in(*it, key));
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

// The row in row_.
void LayeredVersionedStore::store_history(std::int64_t segment, BytesView key) {
    layers_.expiry().add_segment(segment);
    layers_.write_unlogged(key_in(segment, key), BytesView(row_));
}

void LayeredVersionedStore::restore(std::span<const ChangelogRecord> records) {
    for (const ChangelogRecord& record : records) {
        const std::int64_t time = milliseconds_of(record.timestamp);
        if (!record.key || time < oldest()) {
            continue;
        }
        layers_.expiry().advance(time);
        insert(*record.key, record.value, time);
    }
    write_to_engine();
}

}  // namespace millrace::state
