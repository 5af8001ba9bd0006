// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/client/streams_config.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::client {

/// Why a setting of Kafka Streams cannot be given here; nothing when it is none of those.
std::optional<std::string> reason_without_place(std::string_view name);

/// Why a setting of Kafka Streams, which files made for it often have, is accepted and does
/// nothing, and what to set instead; nothing when it is none of those. `name` may have the prefix
/// of a client.
std::optional<std::string> reason_without_effect(std::string_view name);

/// A line for each setting of `config` that does nothing, with the reason.
std::vector<std::string> settings_without_effect(const StreamsConfig& config);

/// A setting that Kafka Streams keeps for its own tests, and so do we.
bool is_internal_setting(std::string_view name);

}  // namespace millrace::client
