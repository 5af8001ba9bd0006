// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"

#include <fstream>
#include <string>

namespace millrace::testing {

/// The bytes of an example in docs/formats: the lines from "```hex <example>" to "```" in `page`.
inline Bytes documented_bytes(const std::string& page, const std::string& example) {
    std::ifstream in(std::string(MILLRACE_SOURCE_DIR) + "/docs/formats/" + page);
    std::string line;
    while (std::getline(in, line) && line != "```hex " + example) {
    }
    Bytes bytes;
    while (std::getline(in, line) && line != "```") {
        std::erase(line, ' ');
        for (std::size_t i = 0; i + 1 < line.size(); i += 2) {
            bytes += static_cast<char>(std::stoi(line.substr(i, 2), nullptr, 16));
        }
    }
    return bytes;
}

}  // namespace millrace::testing
