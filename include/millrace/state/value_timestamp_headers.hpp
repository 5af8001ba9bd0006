// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/headers.hpp"
#include "millrace/core/time.hpp"

namespace millrace {

/// A value, when it was last updated, in event time, and its stored headers. Has the meaning of
/// Kafka Streams' ValueTimestampHeaders (KIP-1271).
template <class V>
struct ValueTimestampHeaders {
    V value{};
    Timestamp timestamp = kNoTimestamp;
    Headers headers{};

    bool operator==(const ValueTimestampHeaders&) const = default;
};

}  // namespace millrace
