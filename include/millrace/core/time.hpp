// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

namespace millrace {

/// Event time: milliseconds since the Unix epoch, as Kafka stores it.
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

/// Kafka's value for an unknown time: one millisecond before the epoch.
inline constexpr Timestamp kNoTimestamp{std::chrono::milliseconds{-1}};

/// The instant `milliseconds` after the Unix epoch.
constexpr Timestamp timestamp_of(std::int64_t milliseconds) noexcept {
    return Timestamp{std::chrono::milliseconds{milliseconds}};
}

/// Milliseconds from the Unix epoch to `timestamp`.
constexpr std::int64_t milliseconds_of(Timestamp timestamp) noexcept {
    return timestamp.time_since_epoch().count();
}

}  // namespace millrace
