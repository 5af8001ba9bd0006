// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cctype>
#include <string>
#include <string_view>

namespace millrace::client {

/// `text` with its ASCII letters in lower case.
inline std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (char& letter : lower) {
        letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    }
    return lower;
}

}  // namespace millrace::client
