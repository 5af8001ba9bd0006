// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/headers.hpp"
#include "millrace/core/time.hpp"

#include <optional>
#include <string>

namespace millrace::testing {

/// A serialised record that owns its parts.
struct BytesRecord {
    std::string topic;
    NullableOwnedBytes key{};
    NullableOwnedBytes value{};
    std::optional<Timestamp> timestamp{};  ///< Empty: the producer's clock.
    Headers headers{};

    bool operator==(const BytesRecord&) const = default;
};

/// A typed record that owns its parts.
template <class K, class V>
struct TestRecord {
    K key{};
    V value{};
    Timestamp timestamp = kNoTimestamp;  ///< kNoTimestamp: the producer's clock.
    Headers headers{};

    bool operator==(const TestRecord&) const = default;
};

}  // namespace millrace::testing
