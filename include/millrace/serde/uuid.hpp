// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/serde/serde.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

/// A universally unique identifier: 16 bytes.
struct Uuid {
    std::array<std::uint8_t, 16> bytes{};

    /// Parses the 36 characters of the usual form, with letters of either case. Throws SerdeError
    /// if malformed.
    static Uuid parse(std::string_view text);

    bool operator==(const Uuid&) const = default;
    auto operator<=>(const Uuid&) const = default;
};

/// The usual form, in lower case: "01234567-89ab-cdef-fedc-ba9876543210".
std::string to_string(const Uuid& uuid);

/// The 36 characters of its text, the format of Kafka's UUIDSerializer.
template <>
struct Serde<Uuid> : detail::BuiltInSerde<Uuid> {
    static void serialize_to(const Uuid& value, Bytes& out) { out += to_string(value); }
    static void deserialize_into(BytesView bytes, Uuid& out) { out = Uuid::parse(bytes); }
};

}  // namespace millrace
