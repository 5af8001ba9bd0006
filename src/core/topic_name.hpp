// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace millrace {

/// Whether Kafka allows `name` for a topic.
bool is_topic_name(std::string_view name);

/// What an error message says about it.
inline constexpr const char* kTopicNameRule = "use 1 to 249 letters, digits, '.', '_' and '-'";

}  // namespace millrace
