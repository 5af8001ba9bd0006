// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/client_supplier.hpp"

#include <string>
#include <string_view>

namespace millrace::kafka {

/// True for settings whose value must not be shown: passwords, keys, tokens. Decides by name; true
/// if in doubt.
bool is_secret(std::string_view setting) noexcept;

/// "name=value, ..." in order of name, for logs: secret values are replaced.
std::string describe_settings(const ClientSettings& settings);

}  // namespace millrace::kafka
