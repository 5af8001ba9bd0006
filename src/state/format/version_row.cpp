// SPDX-License-Identifier: Apache-2.0
#include "state/format/version_row.hpp"

#include "core/check.hpp"
#include "millrace/core/error.hpp"
#include "state/format/window_key.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace millrace::state {
namespace {

constexpr std::size_t kTimeSize = 8;
constexpr std::size_t kLengthSize = 4;
constexpr std::size_t kHeadSize = 2 * kTimeSize;  // Next and first.
constexpr std::uint64_t kRemoved = 0xffffffffU;

void append_time(std::int64_t time, Bytes& out) {
    append_big_endian(static_cast<std::uint64_t>(time), kTimeSize, out);
}

void append_index(std::int64_t from, const NullableBytes& value, Bytes& out) {
    append_time(from, out);
    append_big_endian(value ? value->size() : kRemoved, kLengthSize, out);
}

[[noreturn]] void unreadable(BytesView bytes) {
    throw StateError("cannot read versions of a key: " + std::to_string(bytes.size()) +
                     " bytes are not a valid row");
}

std::int64_t time_at(BytesView bytes, std::size_t offset) {
    if (bytes.size() < offset + kTimeSize) {
        unreadable(bytes);
    }
    return static_cast<std::int64_t>(read_big_endian(bytes.substr(offset, kTimeSize)));
}

}  // namespace

std::size_t VersionRow::at(std::int64_t time) const {
    MILLRACE_CHECK(first() <= time && time < next);
    const auto behind =
        std::upper_bound(versions.begin(), versions.end(), time,
                         [](std::int64_t t, const Version& version) { return t < version.from; });
    return static_cast<std::size_t>(behind - versions.begin()) - 1;
}

void VersionRow::append(std::int64_t from, std::int64_t to, NullableOwnedBytes value) {
    MILLRACE_CHECK(next <= from && from < to);
    end_at(from);
    if (versions.back().from == from) {
        versions.pop_back();  // A removal at the very time at which the new version begins.
    }
    versions.push_back({from, std::move(value)});
    next = to;
}

void VersionRow::end_at(std::int64_t to) {
    MILLRACE_CHECK(next <= to);
    if (next < to && versions.back().from < next) {
        versions.push_back({next, std::nullopt});
    }
    next = to;
}

void VersionRow::prepend(std::int64_t from, NullableOwnedBytes value) {
    MILLRACE_CHECK(from < first());
    if (first() == next) {
        versions.clear();  // The lone removal is where the new version ends.
    }
    versions.insert(versions.begin(), {from, std::move(value)});
}

VersionRow row_of(std::int64_t from, std::int64_t to, NullableOwnedBytes value) {
    VersionRow row;
    row.next = to;
    row.versions.push_back({from, std::move(value)});
    return row;
}

void write_version_row(const VersionRow& row, Bytes& out) {
    append_time(row.next, out);
    append_time(row.first(), out);
    for (auto version = row.versions.rbegin(); version != row.versions.rend(); ++version) {
        append_time(version->from, out);
        append_big_endian(version->value ? version->value->size() : kRemoved, kLengthSize, out);
    }
    for (const VersionRow::Version& version : row.versions) {
        out.append(version.value.value_or(Bytes()));
    }
}

void append_to_version_row(BytesView row, std::int64_t from, std::int64_t to,
                           const NullableBytes& value, Bytes& out) {
    const std::int64_t next = row_next(row);
    std::int64_t newest = time_at(row, kHeadSize);
    MILLRACE_CHECK(next <= from && from < to);
    append_time(to, out);
    append_time(row_first(row), out);
    append_index(from, value, out);
    if (next < from && newest < next) {
        append_index(next, std::nullopt, out);
        newest = next;
    }
    // A removal at the very time at which the new version begins makes room for it.
    const std::size_t old = kHeadSize + (newest == from ? kTimeSize + kLengthSize : 0);
    out.append(row.substr(old)).append(value.value_or(BytesView()));
}

void end_version_row(BytesView row, std::int64_t to, Bytes& out) {
    const std::int64_t next = row_next(row);
    MILLRACE_CHECK(next <= to);
    append_time(to, out);
    append_time(row_first(row), out);
    if (next < to && time_at(row, kHeadSize) < next) {
        append_index(next, std::nullopt, out);
    }
    out.append(row.substr(kHeadSize));
}

VersionRow read_version_row(BytesView bytes) {
    VersionRow row;
    row.next = row_next(bytes);
    const std::int64_t first = row_first(bytes);
    std::vector<std::uint64_t> sizes;
    std::size_t offset = kHeadSize;
    do {
        row.versions.push_back({time_at(bytes, offset), std::nullopt});
        if (bytes.size() < offset + kTimeSize + kLengthSize) {
            unreadable(bytes);
        }
        sizes.push_back(read_big_endian(bytes.substr(offset + kTimeSize, kLengthSize)));
        offset += kTimeSize + kLengthSize;
    } while (row.versions.back().from > first);
    std::reverse(row.versions.begin(), row.versions.end());
    std::reverse(sizes.begin(), sizes.end());
    for (std::size_t version = 0; version < sizes.size(); ++version) {
        if (sizes[version] >= 0x80000000U) {
            continue;
        }
        if (bytes.size() - offset < sizes[version]) {
            unreadable(bytes);
        }
        row.versions[version].value = Bytes(bytes.substr(offset, sizes[version]));
        offset += sizes[version];
    }
    if (offset != bytes.size() || row.first() != first) {
        unreadable(bytes);
    }
    return row;
}

std::int64_t row_next(BytesView bytes) {
    return time_at(bytes, 0);
}

std::int64_t row_first(BytesView bytes) {
    return time_at(bytes, kTimeSize);
}

}  // namespace millrace::state
