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

/// The first 24 bytes of a key as three numbers that compare as the bytes do; shorter keys are
/// filled with zeros. Kept beside a pointer to a key, it mostly saves going there to compare. Equal
/// heads say nothing.
class KeyHead {
  public:
    explicit KeyHead(BytesView key) noexcept
        : first_(part(key, 0)), second_(part(key, 8)), third_(part(key, 16)) {}

    auto operator<=>(const KeyHead&) const noexcept = default;

  private:
    static std::uint64_t part(BytesView key, std::size_t from) noexcept {
        std::array<char, 8> bytes{};
        if (key.size() > from) {
            std::memcpy(bytes.data(), key.data() + from, std::min(bytes.size(), key.size() - from));
        }
        return detail::read_big_endian<std::uint64_t>(bytes.data());
    }

    std::uint64_t first_;
    std::uint64_t second_;
    std::uint64_t third_;
};

}  // namespace millrace::state
