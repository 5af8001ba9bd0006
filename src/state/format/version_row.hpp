// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace millrace::state {

/// What one segment of a versioned store holds of one key: the versions that ended in that stretch
/// of time, oldest first. docs/formats/versioned-value.md
///
/// Each version is valid up to the time of the next one, the last one up to `next`. A row that has
/// a removal and nothing else, of a key that had no version, ends where it begins.
struct VersionRow {
    struct Version {
        std::int64_t from = 0;
        NullableOwnedBytes value;  ///< Nothing: removed.
    };

    std::int64_t next = 0;
    std::vector<Version> versions;  ///< At least one.

    std::int64_t first() const { return versions.front().from; }

    /// The version valid at `time`, by index. Requires first() <= time < next.
    std::size_t at(std::int64_t time) const;

    /// Up to when a version is valid.
    std::int64_t end_of(std::size_t version) const {
        return version + 1 < versions.size() ? versions[version + 1].from : next;
    }

    /// Adds a version from `from` to `to` behind all others; requires next <= from < to. What lies
    /// between was removed.
    void append(std::int64_t from, std::int64_t to, NullableOwnedBytes value);

    /// Notes that the key is removed up to `to`, from where the last version ended.
    void end_at(std::int64_t to);

    /// Adds a version in front of all others. Requires from < first().
    void prepend(std::int64_t from, NullableOwnedBytes value);
};

/// The row that has one version.
VersionRow row_of(std::int64_t from, std::int64_t to, NullableOwnedBytes value);

void write_version_row(const VersionRow& row, Bytes& out);

/// As VersionRow's append() and end_at(), without a look at the versions that are there: appends
/// the new row to `out`.
void append_to_version_row(BytesView row, std::int64_t from, std::int64_t to,
                           const NullableBytes& value, Bytes& out);
void end_version_row(BytesView row, std::int64_t to, Bytes& out);

/// Throws StateError when the bytes are no row.
VersionRow read_version_row(BytesView bytes);

/// First and last time of a row, without reading the rest.
std::int64_t row_next(BytesView bytes);
std::int64_t row_first(BytesView bytes);

}  // namespace millrace::state
