// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/error.hpp"
#include "millrace/core/time.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/state/value_and_timestamp.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace millrace::detail {

inline constexpr std::size_t kStoredTimestampSize = 8;

/// Appends 8 bytes, big-endian.
inline void append_stored_timestamp(Timestamp timestamp, Bytes& out) {
    const auto bits = static_cast<std::uint64_t>(milliseconds_of(timestamp));
    for (int shift = 56; shift >= 0; shift -= 8) {
        out.push_back(static_cast<char>((bits >> shift) & 0xff));
    }
}

/// The timestamp before a stored value. Throws SerdeError if the value is too short.
inline Timestamp stored_timestamp(BytesView bytes) {
    if (bytes.size() < kStoredTimestampSize) {
        throw SerdeError("too short for a value with timestamp: " + std::to_string(bytes.size()) +
                         " bytes");
    }
    std::uint64_t bits = 0;
    for (const char byte : bytes.substr(0, kStoredTimestampSize)) {
        bits = bits << 8 | static_cast<unsigned char>(byte);
    }
    return timestamp_of(static_cast<std::int64_t>(bits));
}

/// How a store's values are serialised.
template <class V>
struct StoredValue {
    using Serde = SerdeOf<V>;
    using Plain = V;
    static constexpr bool kTimestamped = false;

    static void write(const Serde& serde, const V& value, Bytes& out) {
        serde.serialize(value, out);
    }
    static void read(const Serde& serde, BytesView bytes, V& out) { serde.deserialize(bytes, out); }
};

template <class V>
struct StoredValue<ValueAndTimestamp<V>> {
    using Serde = SerdeOf<V>;
    using Plain = V;
    static constexpr bool kTimestamped = true;

    static void write(const Serde& serde, const ValueAndTimestamp<V>& value, Bytes& out) {
        append_stored_timestamp(value.timestamp, out);
        serde.serialize(value.value, out);
    }
    static void read(const Serde& serde, BytesView bytes, ValueAndTimestamp<V>& out) {
        out.timestamp = stored_timestamp(bytes);
        serde.deserialize(bytes.substr(kStoredTimestampSize), out.value);
    }
};

}  // namespace millrace::detail
