// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdint>

namespace millrace {

/// A fast hash of bytes for tables in memory. The same within one build only: never store it.
inline std::uint64_t hash_bytes(BytesView bytes) noexcept {
    return XXH3_64bits(bytes.data(), bytes.size());
}

}  // namespace millrace
