// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace millrace {

/// That of 8 bytes, as many keys are: left to itself, the compiler asks for the size again.
[[gnu::flatten, gnu::noinline]] inline std::uint64_t hash_of_eight(const char* bytes) noexcept {
    return XXH3_64bits(bytes, sizeof(std::uint64_t));
}

/// A fast hash of bytes for tables in memory. The same within one build only: never store it.
inline std::uint64_t hash_bytes(BytesView bytes) noexcept {
    if (bytes.size() == sizeof(std::uint64_t)) {
        return hash_of_eight(bytes.data());
    }
    return XXH3_64bits(bytes.data(), bytes.size());
}

/// Whether two strings differ, both of that size, which is 8 to 32 bytes. Steps of 8 bytes from
/// both ends, which may overlap in the middle.
inline bool differ_short(const char* left, const char* right, std::size_t size) noexcept {
    const auto differ_at = [left, right](std::size_t at) {
        std::uint64_t a = 0;
        std::uint64_t b = 0;
        std::memcpy(&a, left + at, sizeof a);
        std::memcpy(&b, right + at, sizeof b);
        return a ^ b;
    };
    constexpr std::size_t kStep = sizeof(std::uint64_t);
    std::uint64_t difference = differ_at(0) | differ_at(size - kStep);
    if (size > 2 * kStep) {
        difference |= differ_at(kStep) | differ_at(size - 2 * kStep);
    }
    return difference != 0;
}

/// Whether two byte strings are the same. Keys of integers, of windows and sessions of integers
/// too, are compared without a call.
inline bool same_bytes(BytesView left, BytesView right) noexcept {
    constexpr std::size_t kShortest = 8;
    constexpr std::size_t kLongest = 32;
    const std::size_t size = left.size();
    if (size != right.size()) {
        return false;
    }
    return size >= kShortest && size <= kLongest ? !differ_short(left.data(), right.data(), size)
                                                 : left == right;
}

}  // namespace millrace
