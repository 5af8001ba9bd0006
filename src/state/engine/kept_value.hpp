// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"

#include <cstddef>

namespace millrace::state {

/// Overwrites a stored value. The memory is reused, unless it belonged to a much larger value.
inline void overwrite_kept(Bytes& kept, BytesView value) {
    constexpr std::size_t kSpare = 256;
    constexpr std::size_t kTimes = 3;
    if (kept.capacity() > kSpare + kTimes * value.size()) {
        Bytes(value).swap(kept);  // An assignment would keep the memory for a short value.
    } else {
        kept.assign(value);
    }
}

}  // namespace millrace::state
