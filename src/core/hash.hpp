// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

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

/// Whether two byte strings are the same. Short keys, of integers above all, are compared without a
/// call.
inline bool same_bytes(BytesView left, BytesView right) noexcept {
    if (left.size() != right.size()) {
        return false;
    }
    if (left.size() == sizeof(std::uint64_t)) {
        std::uint64_t a = 0;
        std::uint64_t b = 0;
        std::memcpy(&a, left.data(), sizeof a);
        std::memcpy(&b, right.data(), sizeof b);
        return a == b;
    }
    return left == right;
}

}  // namespace millrace
