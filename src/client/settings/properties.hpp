// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace millrace::client {

/// Reads a properties file as java.util.Properties does: comments, continued lines, names that end
/// at '=', ':' or white space, escapes. \uXXXX becomes UTF-8; other bytes stay as they are. Of a
/// name that comes twice the last value counts. Throws ConfigError for a malformed \uXXXX.
std::map<std::string, std::string> parse_properties(std::string_view text);

}  // namespace millrace::client
