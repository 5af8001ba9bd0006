// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/time.hpp"

#include <chrono>
#include <cstdint>
#include <limits>

namespace millrace::detail {

/// Sums and differences that stop at the ends of their range: timestamps come from outside, so that
/// any of them may be close to an end.
constexpr std::int64_t saturating_add(std::int64_t a, std::int64_t b) noexcept {
    using Limits = std::numeric_limits<std::int64_t>;
    if (b > 0) {
        return a > Limits::max() - b ? Limits::max() : a + b;
    }
    return a < Limits::min() - b ? Limits::min() : a + b;
}

constexpr std::int64_t saturating_subtract(std::int64_t a, std::int64_t b) noexcept {
    using Limits = std::numeric_limits<std::int64_t>;
    if (b > 0) {
        return a < Limits::min() + b ? Limits::min() : a - b;
    }
    return a > Limits::max() + b ? Limits::max() : a - b;
}

constexpr std::chrono::milliseconds saturating_add(std::chrono::milliseconds a,
                                                   std::chrono::milliseconds b) noexcept {
    return std::chrono::milliseconds(saturating_add(a.count(), b.count()));
}

constexpr Timestamp saturating_add(Timestamp time, std::chrono::milliseconds by) noexcept {
    return timestamp_of(saturating_add(milliseconds_of(time), by.count()));
}

constexpr Timestamp saturating_subtract(Timestamp time, std::chrono::milliseconds by) noexcept {
    return timestamp_of(saturating_subtract(milliseconds_of(time), by.count()));
}

}  // namespace millrace::detail
