// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"

#include <optional>

namespace millrace::state {

/// A range of keys from `lower` (inclusive) to `upper` (exclusive); absent ends are open.
struct KeyRange {
    NullableOwnedBytes lower{};
    NullableOwnedBytes upper{};
};

/// first <= key <= last; absent ends are open.
inline KeyRange inclusive_range(NullableBytes first, NullableBytes last) {
    KeyRange range;
    if (first) {
        range.lower = Bytes(*first);
    }
    if (last) {
        range.upper = Bytes(*last) + '\0';  // No key is between a key and this one.
    }
    return range;
}

/// The smallest bytes above everything that starts with `prefix`; empty if there are none.
inline NullableOwnedBytes end_of_prefix(BytesView prefix) {
    Bytes end(prefix);
    while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff) {
        end.pop_back();
    }
    if (end.empty()) {
        return std::nullopt;
    }
    end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
    return end;
}

/// All keys that start with `prefix`.
inline KeyRange prefix_range(BytesView prefix) {
    return {Bytes(prefix), end_of_prefix(prefix)};
}

}  // namespace millrace::state
