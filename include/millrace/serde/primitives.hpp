// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/serde/big_endian.hpp"
#include "millrace/serde/serde.hpp"

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

namespace millrace {

/// Integers: big-endian, the format of Kafka's Short-, Integer- and LongSerializer.
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

/// One byte, 0 or 1, the format of Kafka's BooleanSerializer.
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

/// float and double: the IEEE 754 bits, big-endian, the format of Kafka's Float- and
/// DoubleSerializer.
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
