// SPDX-License-Identifier: Apache-2.0
#include "state/format/version_row.hpp"
#include "millrace/core/error.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>

namespace millrace::state {
namespace {

Bytes bytes_of(const VersionRow& row) {
    Bytes bytes;
    write_version_row(row, bytes);
    return bytes;
}

NullableBytes view_of(const NullableOwnedBytes& bytes) {
    return bytes ? NullableBytes(*bytes) : std::nullopt;
}

TEST(VersionRow, SizeGrowsWithTheRow) {
    std::mt19937 random(1);
    for (int row_number = 0; row_number < 200; ++row_number) {
        std::int64_t time = random() % 3;
        VersionRow row =
            random() % 2 == 0 ? row_of(time, time, std::nullopt) : row_of(time, time + 2, "first");
        Bytes bytes = bytes_of(row);
        for (int step = 0; step < 20; ++step) {
            const std::int64_t from = row.next + random() % 3;
            Bytes longer;
            if (random() % 4 == 0) {
                row.end_at(from);
                end_version_row(bytes, from, longer);
            } else {
                const std::int64_t to = from + 1 + random() % 3;
                NullableOwnedBytes value;
                if (random() % 4 != 0) {
                    value = Bytes(random() % 20, 'v');
                }
                append_to_version_row(bytes, from, to, view_of(value), longer);
                row.append(from, to, value);
            }
            bytes = longer;
            ASSERT_EQ(bytes, bytes_of(row));
            ASSERT_EQ(bytes_of(read_version_row(bytes)), bytes);
        }
    }
}

TEST(VersionRow, TooFewBytesAreRefused) {
    Bytes out;
    EXPECT_THROW(append_to_version_row("short", 1, 2, "value", out), StateError);
    EXPECT_THROW(end_version_row("short", 1, out), StateError);
}

}  // namespace
}  // namespace millrace::state
