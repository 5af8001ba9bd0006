// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace millrace::parity {

/// Keeps the order of fields, because people read case files, too.
using Json = nlohmann::ordered_json;

std::string to_hex(BytesView bytes);

/// Throws std::invalid_argument on anything but pairs of hexadecimal digits.
Bytes from_hex(const std::string& hex);

/// {"hex": …} or null.
Json to_json(const NullableOwnedBytes& bytes);
NullableOwnedBytes to_bytes(const Json& data);

}  // namespace millrace::parity
