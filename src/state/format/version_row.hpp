// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"

#include <cstddef>
#include <cstdint>

namespace millrace::state {

// The versions of one key in one segment of a versioned store: those that ended in that time range.
// docs/formats/versioned-value.md
//
// Each version is valid until the time of the next one, the last one until the row's `next`. A row
// with only a deletion, of a key without other versions, ends where it starts.
//
// The functions that write append a new row to `out` and copy the parts that they do not change;
// none allocates per version. They throw StateError if `row` is not a valid row, as far as they
// read it.

/// First time of a row, and when its last version ended, without reading the other versions.
std::int64_t row_first(BytesView row);
std::int64_t row_next(BytesView row);

/// A version and its position in its row.
struct RowVersion {
    std::int64_t from = 0;
    std::int64_t to = 0;
    NullableBytes value{};        ///< In the row; empty: deleted.
    std::size_t index = 0;        ///< Of its entry in the list of versions.
    std::size_t value_at = 0;     ///< Of its value, or where it would be.
    std::size_t first_value = 0;  ///< Where the list ends and the values begin.
};

/// The version valid at `time`. Requires row_first(row) <= time < row_next(row). Throws StateError
/// if the bytes are not a valid row.
RowVersion version_at(BytesView row, std::int64_t time);

/// A row with one version.
void write_version_row(std::int64_t from, std::int64_t to, const NullableBytes& value, Bytes& out);

/// Appends a version from `from` to `to`; requires row_next(row) <= from < to. The time in between
/// is a deletion.
void append_to_version_row(BytesView row, std::int64_t from, std::int64_t to,
                           const NullableBytes& value, Bytes& out);

/// Records that the key is deleted until `to`, from the end of the last version.
void end_version_row(BytesView row, std::int64_t to, Bytes& out);

/// Inserts a version before all others. Requires from < row_first(row).
void prepend_to_version_row(BytesView row, std::int64_t from, const NullableBytes& value,
                            Bytes& out);

/// Replaces `version` by one that starts at `from`, within it. A start other than its own requires
/// that it is the row's first.
void replace_in_version_row(BytesView row, const RowVersion& version, std::int64_t from,
                            const NullableBytes& value, Bytes& out);

/// Adds a version that ends `version` at `from`, within it.
void insert_into_version_row(BytesView row, const RowVersion& version, std::int64_t from,
                             const NullableBytes& value, Bytes& out);

}  // namespace millrace::state
