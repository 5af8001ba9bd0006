// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/time.hpp"

namespace millrace {

/// A value and when it was last updated, in event time.
template <class V>
struct ValueAndTimestamp {
    V value{};
    Timestamp timestamp = kNoTimestamp;

    bool operator==(const ValueAndTimestamp&) const = default;
};

}  // namespace millrace
