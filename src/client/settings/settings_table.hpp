// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/client/streams_config.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::client {

/// For each meaning its spellings, ours first: Java's class names and older names follow.
using Choices = std::vector<std::vector<std::string_view>>;

/// One setting: the only place that knows its name, what it accepts and where it is kept.
struct Setting {
    std::string name;
    std::string accepts;                                         ///< "an integer from 1 to 1000"
    std::function<bool(StreamsConfig&, std::string_view)> read;  ///< False: not of that form.
    std::function<std::string(const StreamsConfig&)> write;
    std::function<bool(const StreamsConfig&)> valid;
    Choices choices{};  ///< Of a setting with names for values; a test runs each of them.
};

/// All settings with a field of their own, by name in Kafka Streams' files. Immutable.
const std::vector<Setting>& settings();

/// Null when there is none of that name.
const Setting* find_setting(std::string_view name);

/// True when the value must not be shown.
bool secret(std::string_view name);

/// `value`, or a stand-in for a secret.
std::string shown(std::string_view name, std::string_view value);

}  // namespace millrace::client
