// SPDX-License-Identifier: Apache-2.0
#include "core/topic_name.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>

namespace millrace {

bool is_topic_name(std::string_view name) {
    constexpr std::size_t kLongest = 249;
    const bool allowed = std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
    });
    return allowed && !name.empty() && name.size() <= kLongest && name != "." && name != "..";
}

}  // namespace millrace
