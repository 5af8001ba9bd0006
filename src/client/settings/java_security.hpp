// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace::client {

/// Why a security setting of Java's clients ("ssl." or "sasl.") cannot be used, and which settings
/// of librdkafka replace it. Never contains the value, which may be a secret. Empty if `name` with
/// that value can be used. `name` has no client prefix.
std::optional<std::string> reason_java_only(std::string_view name, std::string_view value);

/// True if librdkafka always behaves as the accepted values of the setting say.
bool is_implied_by_librdkafka(std::string_view name);

}  // namespace millrace::client
