// SPDX-License-Identifier: Apache-2.0
#include "json.hpp"

#include <stdexcept>
#include <string_view>

namespace millrace::parity {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

unsigned digit(char c) {
    const auto at = kDigits.find(c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c);
    if (at == std::string_view::npos) {
        throw std::invalid_argument("not a hexadecimal digit");
    }
    return static_cast<unsigned>(at);
}

}  // namespace

std::string to_hex(BytesView bytes) {
    std::string hex;
    hex.reserve(2 * bytes.size());
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        hex.push_back(kDigits[byte >> 4]);
        hex.push_back(kDigits[byte & 15U]);
    }
    return hex;
}

Bytes from_hex(const std::string& hex) {
    if (hex.size() % 2 != 0) {
        throw std::invalid_argument("odd number of hexadecimal digits");
    }
    Bytes bytes;
    bytes.reserve(hex.size() / 2);
    for (std::size_t i = 0; i < hex.size(); i += 2) {
        bytes.push_back(static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1])));
    }
    return bytes;
}

Json to_json(const NullableOwnedBytes& bytes) {
    return bytes ? Json{{"hex", to_hex(*bytes)}} : Json(nullptr);
}

NullableOwnedBytes to_bytes(const Json& data) {
    if (data.is_null()) {
        return std::nullopt;
    }
    return from_hex(data.at("hex").get<std::string>());
}

}  // namespace millrace::parity
