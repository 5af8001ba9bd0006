// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/time.hpp"
#include "millrace/detail/serde/big_endian.hpp"

#include <cstddef>
#include <cstdint>

namespace millrace::detail {

/// The size of a time in keys, values and rows: milliseconds since the epoch, big-endian.
inline constexpr std::size_t kTimeSize = 8;

/// Writes the kTimeSize bytes of `time`.
inline void write_time(Timestamp time, char* out) noexcept {
    write_big_endian(milliseconds_of(time), out);
}

inline void append_time(Timestamp time, Bytes& out) {
    append_big_endian(milliseconds_of(time), out);
}

/// Requires that kTimeSize bytes are at `position`.
inline Timestamp time_at(BytesView bytes, std::size_t position) noexcept {
    return timestamp_of(read_big_endian<std::int64_t>(bytes.data() + position));
}

/// Throws the SerdeError that a value of that size has no timestamp.
[[noreturn]] void no_leading_time(std::size_t size);

/// Removes the timestamp from the front of a stored value. Throws SerdeError if it is too short.
inline Timestamp take_time(BytesView& bytes) {
    if (bytes.size() < kTimeSize) {
        no_leading_time(bytes.size());
    }
    const Timestamp time = time_at(bytes, 0);
    bytes.remove_prefix(kTimeSize);
    return time;
}

}  // namespace millrace::detail
