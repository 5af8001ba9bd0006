// SPDX-License-Identifier: Apache-2.0
// Bytes that no version of the library writes: found by tests/fuzz.
#include "millrace/core/error.hpp"
#include "millrace/detail/serde/big_endian.hpp"
#include "millrace/detail/state/record_buffer.hpp"
#include "millrace/detail/state/unmatched_store.hpp"
#include "state/format/change_buffer_format.hpp"
#include "state/format/checkpoint.hpp"
#include "state/format/state_corrupted.hpp"
#include "state/format/version_row.hpp"
#include "support/documented_bytes.hpp"
#include "support/map_store.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>

namespace millrace::state {
namespace {

using ::millrace::testing::documented_bytes;
using ::millrace::testing::MapStore;
using std::chrono::milliseconds;

template <class... Numbers>
Bytes big_endian(Numbers... numbers) {
    Bytes bytes;
    (detail::append_big_endian(numbers, bytes), ...);
    return bytes;
}

constexpr std::int32_t kMostElements = std::numeric_limits<std::int32_t>::max();

struct BadList {
    std::string name;
    Bytes bytes;
};

class DamagedList : public ::testing::TestWithParam<BadList> {};

TEST_P(DamagedList, OfUnmatchedRecordsIsRefused) {
    MapStore store;
    store.put(big_endian(std::int64_t{0}) + "\1k", BytesView(GetParam().bytes));
    detail::UnmatchedStore unmatched;
    unmatched.open(store);
    detail::JoinClock clock;
    clock.stream_time = timestamp_of(100);

    EXPECT_THROW(unmatched.emit_closed(clock, {}, [](const detail::Unmatched&) {}), SerdeError);
}

INSTANTIATE_TEST_SUITE_P(
    All, DamagedList,
    ::testing::Values(
        BadList{"EmptyElement", "\1" + big_endian(std::int32_t{1}, std::int32_t{0}) + "v"},
        BadList{"NegativeCount", "\1" + big_endian(std::int32_t{-1})},
        BadList{"TooFewElements", "\1" + big_endian(kMostElements, std::int32_t{2}) + "\1v"},
        BadList{"BytesAfterElements",
                "\1" + big_endian(std::int32_t{1}, std::int32_t{2}) + "\1vx"}),
    [](const auto& test) { return test.param.name; });

TEST(DamagedRows, AListOfUnmatchedRecordsWithTooLargeACountIsNotExtended) {
    MapStore store;
    store.put(big_endian(std::int64_t{0}) + "\1k",
              BytesView("\1" + big_endian(kMostElements, std::int32_t{2}) + "\1v"));
    detail::UnmatchedStore unmatched;
    unmatched.open(store);

    EXPECT_THROW(unmatched.add(timestamp_of(0), true, "k", "v"), SerdeError);
}

TEST(DamagedRows, BufferedRecordsMayHaveAnyTime) {
    for (const std::int64_t time :
         {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
        MapStore store;
        store.put(Bytes(1, '\0') + big_endian(time) + "k" + big_endian(std::int32_t{1}),
                  BytesView(documented_bytes("record-buffer.md", "value")));
        detail::RecordBuffer buffer;
        buffer.open(store);
        int emitted = 0;

        buffer.emit_due(milliseconds(1), [&](const detail::BufferedRecord&) { ++emitted; });

        EXPECT_EQ(emitted, 0) << time;
    }
}

TEST(DamagedRows, ABufferedRecordWithANegativeNumberOfHeadersIsRefused) {
    MapStore store;
    Bytes value = documented_bytes("record-buffer.md", "value");
    constexpr std::size_t kHeaderCount = 26;
    value.replace(kHeaderCount, 4, big_endian(std::int32_t{-1}));
    store.put(documented_bytes("record-buffer.md", "key"), BytesView(value));
    detail::RecordBuffer buffer;
    buffer.open(store);

    EXPECT_THROW(buffer.emit_due(milliseconds(0), [](const detail::BufferedRecord&) {}),
                 SerdeError);
}

TEST(DamagedRows, ABufferedChangeWithANegativeNumberOfHeadersIsRefused) {
    constexpr std::int32_t kNone = -1;
    EXPECT_THROW(decode_buffered_change(
                     big_endian(std::int64_t{10}, std::int64_t{1}, std::int32_t{0}, std::int32_t{0},
                                std::int32_t{-5}, kNone, kNone, kNone, std::int64_t{3})),
                 StateError);
}

TEST(DamagedRows, AVersionIsNotAppendedToATruncatedRow) {
    Bytes row;
    write_version_row(10, 10, std::nullopt, row);
    for (const std::size_t cut : {1U, 2U, 4U}) {
        Bytes out;
        EXPECT_THROW(
            append_to_version_row(BytesView(row).substr(0, row.size() - cut), 10, 20, "v", out),
            StateError)
            << cut;
    }
}

TEST(DamagedRows, AVersionIsNotPrependedToARowThatEndsBeforeItsStart) {
    Bytes row;
    write_version_row(20, 10, BytesView("v"), row);
    Bytes out;

    EXPECT_THROW(prepend_to_version_row(row, 5, "w", out), StateError);
}

struct BadMetadata {
    std::string name;
    std::size_t at;
    Bytes bytes;
};

class DamagedMetadata : public ::testing::TestWithParam<BadMetadata> {};

TEST_P(DamagedMetadata, IsRefused) {
    Bytes row = documented_bytes("state-database.md", "row");
    row.replace(GetParam().at, GetParam().bytes.size(), GetParam().bytes);

    EXPECT_THROW(read_checkpoint(row, "task 0_0, store s"), StateCorrupted);
}

// Of the numbers -1 means: unknown.
INSTANTIATE_TEST_SUITE_P(
    All, DamagedMetadata,
    ::testing::Values(BadMetadata{"NegativeOffset", 1, big_endian(std::int64_t{-2})},
                      BadMetadata{"NegativeTime", 9,
                                  big_endian(std::numeric_limits<std::int64_t>::min())},
                      BadMetadata{"FlagThatIsNone", 19, Bytes("\2")},
                      BadMetadata{"NegativeSegments", 20, big_endian(std::int64_t{-1})},
                      BadMetadata{"NegativeRetention", 28, big_endian(std::int64_t{-1})}),
    [](const auto& test) { return test.param.name; });

TEST(DamagedRows, MetadataOfAGlobalStoreHaveNoOffset) {
    Bytes row = documented_bytes("state-database.md", "global");
    row.replace(1, 8, big_endian(std::int64_t{7}));

    EXPECT_THROW(read_checkpoint(row, "global, store s"), StateCorrupted);
}

}  // namespace
}  // namespace millrace::state
