// SPDX-License-Identifier: Apache-2.0
#include "state/format/version_row.hpp"

#include "core/check.hpp"
#include "millrace/core/error.hpp"
#include "state/format/window_key.hpp"

#include <optional>
#include <string>

namespace millrace::state {
namespace {

constexpr std::size_t kLengthSize = 4;
constexpr std::size_t kEntrySize = kTimeSize + kLengthSize;
constexpr std::size_t kHeadSize = 2 * kTimeSize;  // Next and first.
constexpr std::uint64_t kRemoved = 0xffffffffU;
constexpr std::uint64_t kFirstNegative = 0x80000000U;

void append_head(std::int64_t next, std::int64_t first, Bytes& out) {
    detail::append_time(timestamp_of(next), out);
    detail::append_time(timestamp_of(first), out);
}

void append_entry(std::int64_t from, const NullableBytes& value, Bytes& out) {
    detail::append_time(timestamp_of(from), out);
    append_big_endian(value ? value->size() : kRemoved, kLengthSize, out);
}

[[noreturn]] void unreadable(BytesView row) {
    throw StateError("cannot read versions of a key: " + std::to_string(row.size()) +
                     " bytes are not a valid row");
}

std::int64_t time_at(BytesView row, std::size_t offset) {
    if (row.size() < offset + kTimeSize) {
        unreadable(row);
    }
    return milliseconds_of(detail::time_at(row, offset));
}

// Nothing: removed.
std::optional<std::size_t> size_at(BytesView row, std::size_t offset) {
    if (row.size() < offset + kLengthSize) {
        unreadable(row);
    }
    const std::uint64_t size = read_big_endian(row.substr(offset, kLengthSize));
    return size < kFirstNegative ? std::optional(static_cast<std::size_t>(size)) : std::nullopt;
}

// `version` stays before the new one, or is removed.
void splice(BytesView row, const RowVersion& version, bool stays, std::int64_t from,
            const NullableBytes& value, Bytes& out) {
    const std::size_t size = version.value ? version.value->size() : 0;
    const std::size_t older = version.index + (stays ? 0 : kEntrySize);
    const bool begins_row = !stays && version.index + kEntrySize == version.first_value;
    append_head(row_next(row), begins_row ? from : row_first(row), out);
    out.append(row.substr(kHeadSize, version.index - kHeadSize));
    append_entry(from, value, out);
    out.append(row.substr(older, version.first_value - older));
    const std::size_t kept = version.value_at + (stays ? size : 0);
    out.append(row.substr(version.first_value, kept - version.first_value));
    out.append(value.value_or(BytesView()));
    out.append(row.substr(version.value_at + size));
}

}  // namespace

std::int64_t row_next(BytesView row) {
    return time_at(row, 0);
}

std::int64_t row_first(BytesView row) {
    return time_at(row, kTimeSize);
}

// Versions are listed from last to first, their values from first to last.
RowVersion version_at(BytesView row, std::int64_t time) {
    const std::int64_t first = row_first(row);
    MILLRACE_CHECK(first <= time && time < row_next(row));
    std::optional<RowVersion> found;
    std::optional<std::size_t> found_size;
    std::size_t older = 0;
    std::size_t newer = 0;
    std::size_t offset = kHeadSize;
    std::int64_t to = row_next(row);
    std::int64_t from = 0;
    do {
        from = time_at(row, offset);
        const std::optional<std::size_t> size = size_at(row, offset + kTimeSize);
        if (found) {
            older += size.value_or(0);
        } else if (from <= time) {
            found = RowVersion{.from = from, .to = to, .index = offset};
            found_size = size;
        } else {
            newer += size.value_or(0);
        }
        to = from;
        offset += kEntrySize;
    } while (from > first);
    if (!found || from != first || row.size() - offset != older + found_size.value_or(0) + newer) {
        unreadable(row);
    }
    found->first_value = offset;
    found->value_at = offset + older;
    if (found_size) {
        found->value = row.substr(found->value_at, *found_size);
    }
    return *found;
}

void write_version_row(std::int64_t from, std::int64_t to, const NullableBytes& value, Bytes& out) {
    append_head(to, from, out);
    append_entry(from, value, out);
    out.append(value.value_or(BytesView()));
}

void append_to_version_row(BytesView row, std::int64_t from, std::int64_t to,
                           const NullableBytes& value, Bytes& out) {
    const std::int64_t next = row_next(row);
    std::int64_t newest = time_at(row, kHeadSize);
    MILLRACE_CHECK(next <= from && from < to);
    append_head(to, row_first(row), out);
    append_entry(from, value, out);
    if (next < from && newest < next) {
        append_entry(next, std::nullopt, out);
        newest = next;
    }
    // A deletion exactly at the time at which the new version starts is replaced by it.
    const std::size_t old = kHeadSize + (newest == from ? kEntrySize : 0);
    if (row.size() < kHeadSize + kEntrySize) {
        unreadable(row);
    }
    out.append(row.substr(old)).append(value.value_or(BytesView()));
}

void end_version_row(BytesView row, std::int64_t to, Bytes& out) {
    const std::int64_t next = row_next(row);
    MILLRACE_CHECK(next <= to);
    append_head(to, row_first(row), out);
    if (next < to && time_at(row, kHeadSize) < next) {
        append_entry(next, std::nullopt, out);
    }
    out.append(row.substr(kHeadSize));
}

void prepend_to_version_row(BytesView row, std::int64_t from, const NullableBytes& value,
                            Bytes& out) {
    const std::int64_t first = row_first(row);
    MILLRACE_CHECK(from < first);
    if (first == row_next(row)) {
        write_version_row(from, first, value, out);  // It ends at the single deletion.
        return;
    }
    if (first > row_next(row)) {
        unreadable(row);
    }
    const std::size_t values = version_at(row, first).first_value;
    append_head(row_next(row), from, out);
    out.append(row.substr(kHeadSize, values - kHeadSize));
    append_entry(from, value, out);
    out.append(value.value_or(BytesView())).append(row.substr(values));
}

void replace_in_version_row(BytesView row, const RowVersion& version, std::int64_t from,
                            const NullableBytes& value, Bytes& out) {
    MILLRACE_CHECK(version.from == from ||
                   (version.from == row_first(row) && version.from < from && from < version.to));
    splice(row, version, false, from, value, out);
}

void insert_into_version_row(BytesView row, const RowVersion& version, std::int64_t from,
                             const NullableBytes& value, Bytes& out) {
    MILLRACE_CHECK(version.from < from && from < version.to);
    splice(row, version, true, from, value, out);
}

}  // namespace millrace::state
