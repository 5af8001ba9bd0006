// SPDX-License-Identifier: Apache-2.0
#include "testing/simulation/printed_bytes.hpp"

#include <cstdio>

namespace millrace::testing::simulated {

std::string printed(BytesView bytes) {
    std::string text = "\"";
    for (const char each : bytes) {
        const auto code = static_cast<unsigned char>(each);
        if (code >= 0x20 && code < 0x7f && each != '"' && each != '\\') {
            text += each;
        } else {
            char hex[8];
            std::snprintf(hex, sizeof hex, "\\x%02x", code);
            text += hex;
        }
    }
    return text + '"';
}

std::string printed(const NullableOwnedBytes& bytes) {
    return bytes ? printed(BytesView(*bytes)) : "null";
}

}  // namespace millrace::testing::simulated
