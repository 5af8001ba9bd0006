// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace millrace::parity {

inline std::string text(const std::string* value) {
    return value != nullptr ? *value : "null";
}

/// "left+right", for inner, left and outer joins; a missing value reads "null".
struct Plus {
    std::string operator()(const std::string& left, const std::string& right) const {
        return left + "+" + right;
    }
    std::string operator()(const std::string& left, const std::string* right) const {
        return left + "+" + text(right);
    }
    std::string operator()(const std::string* left, const std::string* right) const {
        return text(left) + "+" + text(right);
    }
};

}  // namespace millrace::parity
