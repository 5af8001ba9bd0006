// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace {

/// Owned bytes. Not text: any value of any byte.
using Bytes = std::string;

/// Borrowed bytes.
using BytesView = std::string_view;

/// Bytes of a Kafka key or value, which may be null; null and empty differ.
using NullableBytes = std::optional<BytesView>;  // Passed by reference: a copy per record stalls.

/// Owned form of NullableBytes.
using NullableOwnedBytes = std::optional<Bytes>;

}  // namespace millrace
