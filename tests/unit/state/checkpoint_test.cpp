// SPDX-License-Identifier: Apache-2.0
#include "state/format/checkpoint.hpp"

#include "millrace/core/error.hpp"
#include "state/format/state_corrupted.hpp"
#include "support/documented_bytes.hpp"

#include <gtest/gtest.h>

#include <string>

namespace millrace::state {
namespace {

const std::string kWhere = "task 0_0, store s";

StoreShape windows() {
    StoreShape shape;
    shape.kind = detail::StoreKind::kTimestampedWindow;
    shape.row_form = StoreShape::RowForm::kHeaders;
    shape.backed_up = false;
    shape.segment_interval = 60'000;
    shape.retention = 3'600'000;
    shape.source_topic = "topic";
    shape.key_type = "string";
    shape.value_type = "int64";
    return shape;
}

Bytes row_of(const StoreShape& shape) {
    Bytes row;
    append_checkpoint(7, timestamp_of(1'000), shape_bytes(shape), row);
    return row;
}

Bytes row_of_global(const StoreShape& shape) {
    Bytes row;
    append_checkpoint(TopicPositions{{7, 2}, {9, -1}}, timestamp_of(1'000), shape_bytes(shape),
                      row);
    return row;
}

TEST(Checkpoint, IsAsDocumented) {
    EXPECT_EQ(row_of(StoreShape{}), testing::documented_bytes("state-database.md", "row"));
}

TEST(Checkpoint, OfAGlobalStoreIsAsDocumented) {
    StoreShape shape;
    shape.source_topic = "t";
    EXPECT_EQ(row_of_global(shape), testing::documented_bytes("state-database.md", "global"));
}

TEST(Checkpoint, OfAGlobalStoreIsReadAsWritten) {
    const Checkpoint read = read_checkpoint(row_of_global(windows()) + "rest", kWhere);
    EXPECT_EQ(read.offset, std::nullopt);
    EXPECT_EQ(read.positions, (TopicPositions{{7, 2}, {9, -1}}));
    EXPECT_EQ(read.current_at, timestamp_of(1'000));
    EXPECT_EQ(read.shape, windows());
    EXPECT_EQ(read.rest, "rest");
}

TEST(Checkpoint, IsReadAsWritten) {
    const Checkpoint read = read_checkpoint(row_of(windows()) + "rest", kWhere);
    EXPECT_EQ(read.offset, 7);
    EXPECT_EQ(read.current_at, timestamp_of(1'000));
    EXPECT_EQ(read.shape, windows());
    EXPECT_TRUE(read.headers);
    EXPECT_EQ(read.rest, "rest");
}

TEST(Checkpoint, WithoutOffsetAndTimeHasNeither) {
    Bytes row;
    append_checkpoint(std::nullopt, kNoTimestamp, shape_bytes(windows()), row);
    const Checkpoint read = read_checkpoint(row, kWhere);
    EXPECT_EQ(read.offset, std::nullopt);
    EXPECT_EQ(read.current_at, kNoTimestamp);
}

TEST(Checkpoint, TruncatedIsDamaged) {
    for (const Bytes& row : {row_of(windows()), row_of_global(windows())}) {
        for (std::size_t size = 0; size < row.size(); ++size) {
            EXPECT_THROW(read_checkpoint(row.substr(0, size), kWhere), StateCorrupted) << size;
        }
    }
}

TEST(Checkpoint, WithAnImpossiblePositionIsDamaged) {
    Bytes row;
    append_checkpoint(TopicPositions{{-1, 0}}, kNoTimestamp, shape_bytes(windows()), row);
    EXPECT_THROW(read_checkpoint(row, kWhere), StateCorrupted);
}

TEST(Checkpoint, OfUnknownKindOrFormatIsDamaged) {
    for (const std::size_t at : {17U, 18U}) {
        Bytes row = row_of(windows());
        row[at] = 9;
        EXPECT_THROW(read_checkpoint(row, kWhere), StateCorrupted) << at;
    }
    for (const char format : {'\0', '\x80', '\xff'}) {
        Bytes row = row_of(windows());
        row[0] = format;
        EXPECT_THROW(read_checkpoint(row, kWhere), StateCorrupted);
    }
}

TEST(Checkpoint, OfANewerVersionIsRefused) {
    for (const char format : {'\5', '\x7f'}) {
        Bytes row = row_of(windows());
        row[0] = format;
        EXPECT_THROW(read_checkpoint(row, kWhere), StateError);
    }
}

}  // namespace
}  // namespace millrace::state
