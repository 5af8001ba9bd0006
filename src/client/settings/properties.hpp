// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace millrace::client {

/// Reads a properties file like java.util.Properties: comments, continuation lines, names that end
/// at '=', ':' or white space, escapes. \uXXXX is converted to UTF-8; other bytes are unchanged. If
/// a name occurs twice, the last value is used. Throws ConfigError for a malformed \uXXXX.
std::map<std::string, std::string> parse_properties(std::string_view text);

}  // namespace millrace::client
