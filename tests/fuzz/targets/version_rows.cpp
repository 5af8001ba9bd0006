// SPDX-License-Identifier: Apache-2.0
// Rows of versioned stores, and all changes of such rows. The input is a time, the size of a new
// value and the row.
#include "fuzz.hpp"
#include "targets.hpp"

#include "millrace/core/error.hpp"
#include "state/format/version_row.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace millrace::fuzz {
namespace {

using state::RowVersion;

constexpr std::size_t kHeadSize = 16;
constexpr std::size_t kEntrySize = 12;

struct Row {
    bool good = false;  ///< It has the documented format.
    std::vector<RowVersion> versions;
};

/// Its versions, the last one first, as far as they can be read.
Row read_versions(BytesView bytes) {
    Row row;
    accepts<StateError>([&] {
        const std::int64_t first = state::row_first(bytes);
        std::int64_t end = state::row_next(bytes);
        if (first == end) {  // A deletion.
            Bytes written;
            state::write_version_row(first, first, std::nullopt, written);
            row.good = written == bytes;
        }
        bool listed = true;
        while (first < end) {
            const RowVersion version = state::version_at(bytes, end - 1);
            expect(first <= version.from && version.from < end, "a version starts before its end");
            listed = listed && version.index == kHeadSize + row.versions.size() * kEntrySize;
            row.versions.push_back(version);
            row.good = listed && version.index + kEntrySize == version.first_value;
            end = version.from;
        }
    });
    return row;
}

template <class Change>
void check_change(const Row& before, Change change) {
    Bytes changed;
    if (!accepts<StateError>([&] { change(changed); })) {
        expect(!before.good, "a good row can be changed");
        return;
    }
    expect(read_versions(changed).good || !before.good, "a changed row is a good row");
}

}  // namespace

void version_rows(BytesView input) {
    constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();
    Fields fields(input);
    const auto time = fields.number<std::int64_t>();
    const Bytes content(fields.below(16), 'x');
    const NullableBytes value = content.size() == 15 ? NullableBytes() : BytesView(content);
    const BytesView bytes = fields.rest();
    const Row row = read_versions(bytes);
    if (bytes.size() < kHeadSize) {
        expect(!accepts<StateError>([&] { state::row_first(bytes); }), "a short row is refused");
        return;
    }
    const std::int64_t next = state::row_next(bytes);
    if (next <= time && time < kEnd) {
        check_change(row, [&](Bytes& out) {
            state::append_to_version_row(bytes, time, time + 1, value, out);
        });
        check_change(row, [&](Bytes& out) { state::end_version_row(bytes, time, out); });
    }
    if (time < state::row_first(bytes)) {
        check_change(row,
                     [&](Bytes& out) { state::prepend_to_version_row(bytes, time, value, out); });
    }
    for (const RowVersion& version : row.versions) {
        check_change(row, [&](Bytes& out) {
            state::replace_in_version_row(bytes, version, version.from, value, out);
        });
        if (version.from < time && time < version.to) {
            check_change(row, [&](Bytes& out) {
                state::insert_into_version_row(bytes, version, time, value, out);
            });
        }
    }
}

}  // namespace millrace::fuzz
