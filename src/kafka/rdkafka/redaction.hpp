// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/client_supplier.hpp"

#include <string>
#include <string_view>

namespace millrace::kafka {

/// True for settings whose value must not be seen: passwords, keys, tokens. Judged by name, and in
/// doubt true.
bool is_secret(std::string_view setting) noexcept;

/// "name=value, ..." in order of name, fit for a log: secret values are replaced.
std::string describe_settings(const ClientSettings& settings);

}  // namespace millrace::kafka
