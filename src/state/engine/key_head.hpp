// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/serde/primitives.hpp"

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace millrace::state {

/// The first 8 bytes of a key as a number with the same order; shorter keys are padded with zeros.
inline std::uint64_t leading_number(BytesView key) noexcept {
    std::array<char, 8> bytes{};
    if (key.size() >= bytes.size()) [[likely]] {
        return detail::read_big_endian<std::uint64_t>(key.data());
    }
    if (!key.empty()) {
        std::memcpy(bytes.data(), key.data(), key.size());
    }
    return detail::read_big_endian<std::uint64_t>(bytes.data());
}

/// Compares keys whose first `same` bytes are equal.
inline bool less_behind(BytesView one, BytesView other, std::size_t same) noexcept {
    one.remove_prefix(same);
    other.remove_prefix(same);
    const std::uint64_t first = leading_number(one);
    const std::uint64_t second = leading_number(other);
    return first != second ? first < second : one < other;
}

/// The first 24 bytes of a key in the same way. Stored next to a pointer to a key, it usually
/// avoids the access to the key for a comparison. Equal heads are inconclusive.
class KeyHead {
  public:
    explicit KeyHead(BytesView key) noexcept
        : first_(leading_number(key)),
          second_(leading_number(from(key, 8))),
          third_(leading_number(from(key, 16))) {}

    auto operator<=>(const KeyHead&) const noexcept = default;

  private:
    static BytesView from(BytesView key, std::size_t at) noexcept {
        return key.substr(std::min(at, key.size()));
    }

    std::uint64_t first_;
    std::uint64_t second_;
    std::uint64_t third_;
};

}  // namespace millrace::state
