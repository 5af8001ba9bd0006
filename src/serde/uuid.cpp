// SPDX-License-Identifier: Apache-2.0
#include "millrace/serde/uuid.hpp"

#include <cstddef>

namespace millrace {
namespace {

constexpr std::size_t kTextSize = 36;

bool is_dash(std::size_t position) {
    return position == 8 || position == 13 || position == 18 || position == 23;
}

int digit_of(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

}  // namespace

Uuid Uuid::parse(std::string_view text) {
    Uuid uuid;
    bool good = text.size() == kTextSize;
    std::size_t digits = 0;
    for (std::size_t i = 0; good && i < text.size(); ++i) {
        const int digit = digit_of(text[i]);
        if (is_dash(i)) {
            good = text[i] == '-';
        } else if (digit < 0) {
            good = false;
        } else {
            auto& byte = uuid.bytes.at(digits++ / 2);
            byte = static_cast<std::uint8_t>(byte * 16 + digit);
        }
    }
    if (!good) {
        throw SerdeError("not a UUID: '" + std::string(text) + "'");
    }
    return uuid;
}

std::string to_string(const Uuid& uuid) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (const std::uint8_t byte : uuid.bytes) {
        if (is_dash(text.size())) {
            text += '-';
        }
        text += kDigits[byte / 16];
        text += kDigits[byte % 16];
    }
    return text;
}

}  // namespace millrace
