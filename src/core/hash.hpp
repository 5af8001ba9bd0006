// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace millrace {

/// The hash of 8 bytes, the size of many keys. Without this overload the compiler checks the size
/// again.
[[gnu::flatten, gnu::noinline]] inline std::uint64_t hash_of_eight(const char* bytes) noexcept {
    return XXH3_64bits(bytes, sizeof(std::uint64_t));
}

/// A fast hash for tables in memory. Not stable between builds: never store it.
inline std::uint64_t hash_bytes(BytesView bytes) noexcept {
    if (bytes.size() == sizeof(std::uint64_t)) {
        return hash_of_eight(bytes.data());
    }
    return XXH3_64bits(bytes.data(), bytes.size());
}

/// Whether two strings of that size (8 to 32 bytes) differ. Compares 8 bytes at a time from both
/// ends, which may overlap in the middle.
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

/// Whether two byte strings are equal. Integer keys, also windowed ones, are compared without a
/// function call.
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
