// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/client/streams_config.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::client {

/// Returns `name` without its client prefix: "consumer.", "producer." and so on.
std::string_view without_client_prefix(std::string_view name);

/// Why Millrace does not have a setting of Kafka Streams. Empty if it is not one of these settings.
/// `name` may have a client prefix, here and in the next functions.
std::optional<std::string> reason_without_place(std::string_view name);

/// Why a setting of Kafka Streams or its clients that files often contain is accepted without
/// effect, and which setting to use instead. Empty if it is not one of these settings.
std::optional<std::string> reason_without_effect(std::string_view name);

/// True for settings that are accepted with some of Kafka's values only.
bool has_some_values(std::string_view name);

/// What the value of such a setting must be. Empty if it is accepted, or has no such restriction.
std::optional<std::string> reason_not_accepted(std::string_view name, std::string_view value);

/// One line for each setting of `config` without effect, with the reason.
std::vector<std::string> settings_without_effect(const StreamsConfig& config);

/// A setting that Kafka Streams reserves for its own tests, and so does Millrace.
bool is_internal_setting(std::string_view name);

}  // namespace millrace::client
