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

/// The error if `name` is a client tag and `value` is not valid for it; empty if there is none.
std::optional<std::string> problem_of_tag(std::string_view name, std::string_view value);

/// The errors of the tags together: too many, or tags of rack.aware.assignment.tags that are not
/// set.
std::vector<std::string> problems_of_tags(const StreamsConfig& config);

}  // namespace millrace::client
