// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/error.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace millrace::detail {

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

// Written as one expression over single bytes, which compilers convert to one instruction.
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

/// Appends the bytes of write_big_endian.
template <std::integral T>
void append_big_endian(T number, Bytes& out) {
    char bytes[sizeof(T)];
    write_big_endian(number, bytes);
    out.append(bytes, sizeof bytes);
}

/// Reads the bytes of append_big_endian. Requires sizeof(T) bytes at `bytes`.
template <std::integral T>
T read_big_endian(const char* bytes) noexcept {
    return static_cast<T>(from_big_endian<typename UnsignedOfSize<sizeof(T)>::Type>(
        bytes, std::make_index_sequence<sizeof(T)>()));
}

[[noreturn]] inline void wrong_size(std::size_t wanted, std::size_t seen) {
    throw SerdeError("wrong number of bytes: expected " + std::to_string(wanted) + ", got " +
                     std::to_string(seen));
}

}  // namespace millrace::detail
