// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/serde/serde.hpp"

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

namespace millrace {

namespace detail {

template <std::size_t Size>
struct UnsignedOfSize;
template <>
struct UnsignedOfSize<1> {
    using Type = std::uint8_t;
};
template <>
struct UnsignedOfSize<2> {
    using Type = std::uint16_t;
};
template <>
struct UnsignedOfSize<4> {
    using Type = std::uint32_t;
};
template <>
struct UnsignedOfSize<8> {
    using Type = std::uint64_t;
};

// Spelt out byte by byte in one expression, which compilers turn into one instruction.
template <class Bits, std::size_t... kAt>
Bits from_big_endian(const char* bytes, std::index_sequence<kAt...>) noexcept {
    return static_cast<Bits>(((static_cast<std::uint64_t>(static_cast<std::uint8_t>(bytes[kAt]))
                               << (8 * (sizeof(Bits) - 1 - kAt))) |
                              ...));
}

template <class Bits, std::size_t... kAt>
void to_big_endian(Bits bits, char* out, std::index_sequence<kAt...>) noexcept {
    ((out[kAt] =
          static_cast<char>(static_cast<std::uint8_t>(bits >> (8 * (sizeof(Bits) - 1 - kAt))))),
     ...);
}

/// Writes the sizeof(T) bytes of `number`, most significant first.
template <std::integral T>
void write_big_endian(T number, char* out) noexcept {
    to_big_endian(static_cast<typename UnsignedOfSize<sizeof(T)>::Type>(number), out,
                  std::make_index_sequence<sizeof(T)>());
}

/// Appends what write_big_endian writes.
template <std::integral T>
void append_big_endian(T number, Bytes& out) {
    char bytes[sizeof(T)];
    write_big_endian(number, bytes);
    out.append(bytes, sizeof bytes);
}

/// Reads what append_big_endian wrote. Requires sizeof(T) bytes at `bytes`.
template <std::integral T>
T read_big_endian(const char* bytes) noexcept {
    return static_cast<T>(from_big_endian<typename UnsignedOfSize<sizeof(T)>::Type>(
        bytes, std::make_index_sequence<sizeof(T)>()));
}

[[noreturn]] inline void wrong_size(std::size_t wanted, std::size_t seen) {
    throw SerdeError("wrong number of bytes: expected " + std::to_string(wanted) + ", got " +
                     std::to_string(seen));
}

}  // namespace detail

/// Integers: big-endian, as Kafka's Short-, Integer- and LongSerializer write them.
template <std::integral T>
struct Serde<T> : detail::BuiltInSerde<T> {
    static constexpr std::size_t kSize = sizeof(T);
    static void write(const T& value, char* out) noexcept { detail::write_big_endian(value, out); }
    static void serialize_to(const T& value, Bytes& out) { detail::append_big_endian(value, out); }
    static void deserialize_into(BytesView bytes, T& out) {
        if (bytes.size() != sizeof(T)) {
            detail::wrong_size(sizeof(T), bytes.size());
        }
        out = detail::read_big_endian<T>(bytes.data());
    }
};

/// One byte, 0 or 1, as Kafka's BooleanSerializer.
template <>
struct Serde<bool> : detail::BuiltInSerde<bool> {
    static void serialize_to(const bool& value, Bytes& out) { out.push_back(value ? '\1' : '\0'); }
    static void deserialize_into(BytesView bytes, bool& out) {
        if (bytes.size() != 1) {
            detail::wrong_size(1, bytes.size());
        }
        if (bytes[0] != '\0' && bytes[0] != '\1') {
            throw SerdeError("not a boolean: neither 0 nor 1");
        }
        out = bytes[0] == '\1';
    }
};

/// float and double: the IEEE 754 bits, big-endian, as Kafka's Float- and DoubleSerializer.
template <std::floating_point T>
    requires(sizeof(T) == 4 || sizeof(T) == 8)
struct Serde<T> : detail::BuiltInSerde<T> {
    using Bits = typename detail::UnsignedOfSize<sizeof(T)>::Type;

    static void serialize_to(const T& value, Bytes& out) {
        // Java writes one canonical NaN.
        constexpr Bits kNan = sizeof(T) == 4 ? static_cast<Bits>(0x7fc00000U)
                                             : static_cast<Bits>(0x7ff8000000000000U);
        detail::append_big_endian(value != value ? kNan : std::bit_cast<Bits>(value), out);
    }
    static void deserialize_into(BytesView bytes, T& out) {
        if (bytes.size() != sizeof(T)) {
            detail::wrong_size(sizeof(T), bytes.size());
        }
        out = std::bit_cast<T>(detail::read_big_endian<Bits>(bytes.data()));
    }
};

}  // namespace millrace
