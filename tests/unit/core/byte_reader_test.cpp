// SPDX-License-Identifier: Apache-2.0
#include "core/byte_reader.hpp"

#include "millrace/core/error.hpp"

#include <gtest/gtest.h>

namespace millrace {
namespace {

struct Refuse {
    void operator()() const { throw SerdeError("truncated"); }
};

using Reader = ByteReader<Refuse>;

Bytes bytes(std::initializer_list<int> values) {
    Bytes made;
    for (const int value : values) {
        made.push_back(static_cast<char>(value));
    }
    return made;
}

TEST(ByteReader, ReadsBigEndianNumbersOfEverySize) {
    const Bytes row = bytes({0x81, 0x01, 0x02, 0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 0, 0, 0, 1, 0});
    Reader reader(row);
    EXPECT_EQ(reader.number<std::uint8_t>(), 0x81);
    EXPECT_EQ(reader.number<std::uint16_t>(), 0x0102);
    EXPECT_EQ(reader.number<std::int32_t>(), -2);
    EXPECT_EQ(reader.number<std::int64_t>(), 256);
    EXPECT_TRUE(reader.done());
}

TEST(ByteReader, ReadsBytesAfterTheirLength) {
    const Bytes row = bytes({0, 2, 'a', 'b', 0, 0, 0, 1, 'c', 0xff, 0xff, 0xff, 0xff, 'd'});
    Reader reader(row);
    EXPECT_EQ(reader.sized<std::uint16_t>(), "ab");
    EXPECT_EQ(reader.nullable(), NullableBytes("c"));
    EXPECT_EQ(reader.nullable(), std::nullopt);
    EXPECT_EQ(reader.rest(), "d");
}

TEST(ByteReader, ThrowsTheErrorOfTheFormatWhenTheBytesEndTooEarly) {
    EXPECT_THROW(Reader("abc").number<std::int32_t>(), SerdeError);
    EXPECT_THROW(Reader("abc").take(4), SerdeError);
    EXPECT_THROW(Reader(bytes({0, 0, 0, 9, 'x'})).nullable(), SerdeError);
    EXPECT_THROW(Reader(bytes({9, 'x'})).sized<std::uint8_t>(), SerdeError);
    EXPECT_THROW(Reader("").fail(), SerdeError);
}

}  // namespace
}  // namespace millrace
