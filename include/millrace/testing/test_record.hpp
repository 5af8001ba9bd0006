// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/headers.hpp"
#include "millrace/core/time.hpp"

#include <optional>
#include <string>

namespace millrace::testing {

/// A record as it is on the wire, owned.
struct BytesRecord {
    std::string topic;
    NullableOwnedBytes key{};
    NullableOwnedBytes value{};
    std::optional<Timestamp> timestamp{};  ///< Nothing: the sender left it to the producer's clock.
    Headers headers{};

    bool operator==(const BytesRecord&) const = default;
};

/// A record with its types, owned.
template <class K, class V>
struct TestRecord {
    K key{};
    V value{};
    Timestamp timestamp = kNoTimestamp;  ///< kNoTimestamp: left to the producer's clock.
    Headers headers{};

    bool operator==(const TestRecord&) const = default;
};

}  // namespace millrace::testing
