// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/client/streams_config.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::client {

/// The spellings of each choice: Millrace's first, then Java class names and older names.
using Choices = std::vector<std::vector<std::string_view>>;

/// A setting. Only this object knows its name, accepted values and field.
struct Setting {
    std::string name;
    std::string accepts;  ///< "an integer from 1 to 1000"
    std::function<bool(StreamsConfig&, std::string_view)>
        read;  ///< False if the value is not accepted.
    std::function<std::string(const StreamsConfig&)> write;
    std::function<bool(const StreamsConfig&)> valid;
    Choices choices{};  ///< The choices of a setting with named values; a test runs each of them.
};

/// All settings with their own field, by name, in the format of Kafka Streams' files. Immutable.
const std::vector<Setting>& settings();

/// Null if no setting has that name.
const Setting* find_setting(std::string_view name);

/// True if the value must not be shown.
bool secret(std::string_view name);

/// `value`, or a placeholder for a secret.
std::string shown(std::string_view name, std::string_view value);

}  // namespace millrace::client
