// SPDX-License-Identifier: Apache-2.0
#include "millrace/detail/serde/owned_change.hpp"
#include "millrace/serde/primitives.hpp"
#include "millrace/serde/string.hpp"
#include "millrace/serde/uuid.hpp"
#include "millrace/windows/windowed.hpp"

#include <gmock/gmock.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace millrace {

/// A user's type with a fixed serialised size.
struct Point {
    std::int32_t x = 0;
    std::int32_t y = 0;
};

template <>
struct Serde<Point> {
    static constexpr std::size_t kSize = 8;
    static void write(const Point& point, char* out) noexcept {
        Serde<std::int32_t>::write(point.x, out);
        Serde<std::int32_t>::write(point.y, out + 4);
    }
    static void serialize_to(const Point& point, Bytes& out) {
        Serde<std::int32_t>::serialize_to(point.x, out);
        Serde<std::int32_t>::serialize_to(point.y, out);
    }
    static void deserialize_into(BytesView bytes, Point& out) {
        Serde<std::int32_t>::deserialize_into(bytes.substr(0, 4), out.x);
        Serde<std::int32_t>::deserialize_into(bytes.substr(4), out.y);
    }
};

namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

std::string hex(BytesView bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<std::uint8_t>(c);
        text += kDigits[byte / 16];
        text += kDigits[byte % 16];
    }
    return text;
}

template <class T>
std::string written(const T& value) {
    return hex(Serde<T>::serialize(value));
}

template <class T>
T read_back(const T& value) {
    return Serde<T>::deserialize(Serde<T>::serialize(value));
}

// The expected bytes are those of Kafka's serializers.

TEST(Serdes, WriteIntegersAsJava) {
    EXPECT_EQ(written<std::int16_t>(0), "0000");
    EXPECT_EQ(written<std::int16_t>(1), "0001");
    EXPECT_EQ(written<std::int16_t>(-1), "ffff");
    EXPECT_EQ(written<std::int16_t>(256), "0100");
    EXPECT_EQ(written<std::int16_t>(32767), "7fff");
    EXPECT_EQ(written<std::int16_t>(-32768), "8000");
    EXPECT_EQ(read_back<std::int16_t>(-123), -123);
    EXPECT_EQ(written<std::int32_t>(0), "00000000");
    EXPECT_EQ(written<std::int32_t>(1), "00000001");
    EXPECT_EQ(written<std::int32_t>(-1), "ffffffff");
    EXPECT_EQ(written<std::int32_t>(255), "000000ff");
    EXPECT_EQ(written<std::int32_t>(256), "00000100");
    EXPECT_EQ(written<std::int32_t>(65536), "00010000");
    EXPECT_EQ(written<std::int32_t>(2147483647), "7fffffff");
    EXPECT_EQ(written<std::int32_t>(INT32_MIN), "80000000");
    EXPECT_EQ(read_back<std::int32_t>(-123), -123);
    EXPECT_EQ(written<std::int64_t>(0), "0000000000000000");
    EXPECT_EQ(written<std::int64_t>(1), "0000000000000001");
    EXPECT_EQ(written<std::int64_t>(-1), "ffffffffffffffff");
    EXPECT_EQ(written<std::int64_t>(255), "00000000000000ff");
    EXPECT_EQ(written<std::int64_t>(1099511627776), "0000010000000000");
    EXPECT_EQ(written<std::int64_t>(9223372036854775807), "7fffffffffffffff");
    EXPECT_EQ(written<std::int64_t>(INT64_MIN), "8000000000000000");
    EXPECT_EQ(read_back<std::int64_t>(-123), -123);
}

TEST(Serdes, WriteFloatingPointAsJava) {
    EXPECT_EQ(written(std::bit_cast<double>(std::uint64_t{0x0})), "0000000000000000");
    EXPECT_EQ(written(std::bit_cast<double>(std::uint64_t{0x8000000000000000})),
              "8000000000000000");
    EXPECT_EQ(written(std::bit_cast<double>(std::uint64_t{0x3ff0000000000000})),
              "3ff0000000000000");
    EXPECT_EQ(written(std::bit_cast<double>(std::uint64_t{0xbff8000000000000})),
              "bff8000000000000");
    EXPECT_EQ(written(std::bit_cast<double>(std::uint64_t{0x3fb999999999999a})),
              "3fb999999999999a");
    EXPECT_EQ(written(std::bit_cast<double>(std::uint64_t{0x7e37e43c8800759c})),
              "7e37e43c8800759c");
    EXPECT_EQ(written(std::bit_cast<double>(std::uint64_t{0x1})), "0000000000000001");
    EXPECT_EQ(written(std::bit_cast<double>(std::uint64_t{0x7fefffffffffffff})),
              "7fefffffffffffff");
    EXPECT_EQ(written(std::bit_cast<double>(std::uint64_t{0x7ff0000000000000})),
              "7ff0000000000000");
    EXPECT_EQ(written(std::bit_cast<double>(std::uint64_t{0xfff0000000000000})),
              "fff0000000000000");
    EXPECT_EQ(written(std::bit_cast<double>(std::uint64_t{0x7ff8000000000000})),
              "7ff8000000000000");
    EXPECT_EQ(written(std::bit_cast<float>(std::uint32_t{0x0})), "00000000");
    EXPECT_EQ(written(std::bit_cast<float>(std::uint32_t{0x80000000})), "80000000");
    EXPECT_EQ(written(std::bit_cast<float>(std::uint32_t{0x3f800000})), "3f800000");
    EXPECT_EQ(written(std::bit_cast<float>(std::uint32_t{0xbfc00000})), "bfc00000");
    EXPECT_EQ(written(std::bit_cast<float>(std::uint32_t{0x3dcccccd})), "3dcccccd");
    EXPECT_EQ(written(std::bit_cast<float>(std::uint32_t{0x7149f2ca})), "7149f2ca");
    EXPECT_EQ(written(std::bit_cast<float>(std::uint32_t{0x1})), "00000001");
    EXPECT_EQ(written(std::bit_cast<float>(std::uint32_t{0x7f7fffff})), "7f7fffff");
    EXPECT_EQ(written(std::bit_cast<float>(std::uint32_t{0x7f800000})), "7f800000");
    EXPECT_EQ(written(std::bit_cast<float>(std::uint32_t{0x7fc00000})), "7fc00000");
    EXPECT_EQ(read_back(-1.5), -1.5);
}

TEST(Serdes, WriteTextBooleansAndUuidsAsJava) {
    EXPECT_EQ(written(true), "01");
    EXPECT_EQ(written(false), "00");
    EXPECT_EQ(written(Uuid::parse("00000000-0000-0000-0000-000000000000")),
              "30303030303030302d303030302d303030302d303030302d303030303030303030303030");
    EXPECT_EQ(written(Uuid::parse("01234567-89ab-cdef-fedc-ba9876543210")),
              "30313233343536372d383961622d636465662d666564632d626139383736353433323130");
    EXPECT_EQ(written(Uuid::parse("ffffffff-ffff-ffff-ffff-ffffffffffff")),
              "66666666666666662d666666662d666666662d666666662d666666666666666666666666");
    EXPECT_EQ(written(std::string("")), "");
    EXPECT_EQ(written(std::string("a")), "61");
    EXPECT_EQ(written(std::string("Millrace")), "4d696c6c72616365");
    EXPECT_EQ(written(std::string("two words")), "74776f20776f726473");
    EXPECT_EQ(read_back(std::vector<std::byte>{std::byte{0}, std::byte{255}}).size(), 2U);
    EXPECT_EQ(read_back(Uuid::parse("01234567-89AB-cdef-fedc-ba9876543210")),
              Uuid::parse("01234567-89ab-cdef-fedc-ba9876543210"));
}

TEST(Serdes, WriteWindowedKeysAsKafkaStreams) {
    const Windowed<std::string> window{"a", {timestamp_of(10), timestamp_of(30)}};
    const SessionWindowed<std::string> session{"a", {timestamp_of(0), timestamp_of(7)}};
    EXPECT_EQ(written(window), "61000000000000000a");
    EXPECT_EQ(written(session), "6100000000000000070000000000000000");
    EXPECT_EQ(read_back(session), session);
    EXPECT_EQ(read_back(window).window.end, kEndOfTime) << "the end is not on the wire";

    const auto serde = windowed_serde<std::string>(std::chrono::milliseconds(20));
    EXPECT_EQ(serde.deserialize(serde.serialize(window)), window);
}

TEST(Serdes, RefuseTheWrongNumberOfBytes) {
    EXPECT_THAT([] { Serde<std::int64_t>::deserialize("1234567"); },
                ThrowsMessage<SerdeError>(HasSubstr("expected 8, got 7")));
    EXPECT_THROW(Serde<bool>::deserialize("\2"), SerdeError);
    EXPECT_THROW(Serde<Uuid>::deserialize("not-a-uuid"), SerdeError);
    EXPECT_THROW(Serde<Windowed<std::string>>::deserialize("1234567"), SerdeError);
}

class PointsAsText final : public CustomSerde<Point> {
  public:
    Bytes serialize(const Point& point) const override {
        return std::to_string(point.x) + ',' + std::to_string(point.y);
    }
    Point deserialize(BytesView) const override { return {}; }
};

TEST(Serdes, OfOneSizeAppendToAnyContent) {
    static_assert(FixedSize<Point> && FixedSize<std::int64_t> && !FixedSize<std::string>);
    for (const std::size_t held : {0, 3, 10, 100}) {
        Bytes buffer(held, 'x');
        const SerdeOf<Point> serde;
        serde.serialize_behind(2, {1, -2}, buffer);
        buffer.replace(0, 2, "\x0a\x0b");
        EXPECT_EQ(hex(buffer), "0a0b00000001fffffffe");
        EXPECT_EQ(hex(serde.bytes_of({3, 4}, buffer)), "0000000300000004");
    }
}

TEST(Serdes, ChosenAtRunTimeUseTheirOwnSize) {
    const SerdeOf<Point> serde(std::make_shared<PointsAsText>());
    for (const std::size_t held : {0, 100}) {
        Bytes buffer(held, 'x');
        serde.serialize_behind(1, {1, -2}, buffer);
        EXPECT_EQ(buffer.substr(1), "1,-2");
        EXPECT_EQ(serde.bytes_of({3, 4}, buffer), "3,4");
    }
}

TEST(Serdes, WriteChangesOfTablesAsKafkaStreams) {
    using Change = detail::OwnedChange<std::string>;
    EXPECT_EQ(written(Change{"n", std::nullopt}), "6e01");
    EXPECT_EQ(written(Change{std::nullopt, "o"}), "6f00");
    EXPECT_EQ(written(Change{"new", "old"}), "066e65776f6c6402") << "the length is a zigzag varint";
    EXPECT_THROW(written(Change{}), SerdeError);

    const Change both = read_back(Change{std::string(200, 'n'), "old"});
    EXPECT_EQ(both.new_value, std::string(200, 'n'));
    EXPECT_EQ(both.old_value, "old");
    const Change flagged = Serde<Change>::deserialize(std::string("n\0\4", 3));
    EXPECT_EQ(flagged.new_value, "n");
    EXPECT_FALSE(flagged.is_latest);
    EXPECT_THROW(Serde<Change>::deserialize("\x7f\2"), SerdeError);
}

}  // namespace
}  // namespace millrace
