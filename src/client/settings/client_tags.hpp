// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/client/streams_config.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::client {

inline constexpr std::string_view kRackTagsValues =
    "up to 5 names of client.tag. settings, each once, separated by commas";

/// The names in a value of rack.aware.assignment.tags; empty if it is not valid.
std::optional<std::vector<std::string>> rack_tags(std::string_view value);

/// The tags of this instance: the settings with the prefix "client.tag.", without the prefix.
std::map<std::string, std::string> client_tags(const StreamsConfig& config);

/// Why `name`, if it is a tag, cannot have `value`. Empty if it can.
std::optional<std::string> problem_of_tag(std::string_view name, std::string_view value);

/// What is wrong with all tags together: too many, or not those that the assignment uses.
std::vector<std::string> problems_of_tags(const StreamsConfig& config);

}  // namespace millrace::client
