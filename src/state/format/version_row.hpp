// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"

#include <cstddef>
#include <cstdint>

namespace millrace::state {

// What one segment of a versioned store holds of one key: the versions that ended in that stretch
// of time. docs/formats/versioned-value.md
//
// Each version is valid up to the time of the next one, the last one up to the row's `next`. A row
// that has a removal and nothing else, of a key that had no version, ends where it begins.
//
// The functions that write append a new row to `out` and copy what they do not change; none
// allocates for each version. They throw StateError when `row` is no row, as far as they read it.

/// First time of a row, and when its last version ended, without reading the rest.
std::int64_t row_first(BytesView row);
std::int64_t row_next(BytesView row);

/// A version and where it is in its row.
struct RowVersion {
    std::int64_t from = 0;
    std::int64_t to = 0;
    NullableBytes value{};        ///< In the row; nothing: removed.
    std::size_t index = 0;        ///< Of its entry in the list of versions.
    std::size_t value_at = 0;     ///< Of its value, or where it would be.
    std::size_t first_value = 0;  ///< Where the list ends and the values begin.
};

/// The version valid at `time`. Requires row_first(row) <= time < row_next(row). Throws StateError
/// when the bytes are no row.
RowVersion version_at(BytesView row, std::int64_t time);

/// A row with one version.
void write_version_row(std::int64_t from, std::int64_t to, const NullableBytes& value, Bytes& out);

/// Adds a version from `from` to `to` behind all others; requires row_next(row) <= from < to. What
/// lies between was removed.
void append_to_version_row(BytesView row, std::int64_t from, std::int64_t to,
                           const NullableBytes& value, Bytes& out);

/// Records that the key is deleted until `to`, from the end of the last version.
void end_version_row(BytesView row, std::int64_t to, Bytes& out);

/// Adds a version in front of all others. Requires from < row_first(row).
void prepend_to_version_row(BytesView row, std::int64_t from, const NullableBytes& value,
                            Bytes& out);

/// Replaces `version` by one that begins at `from`, within it. Another begin than its own requires
/// that it is the row's first.
void replace_in_version_row(BytesView row, const RowVersion& version, std::int64_t from,
                            const NullableBytes& value, Bytes& out);

/// Adds a version that ends `version` at `from`, within it.
void insert_into_version_row(BytesView row, const RowVersion& version, std::int64_t from,
                             const NullableBytes& value, Bytes& out);

}  // namespace millrace::state
