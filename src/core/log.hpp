// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace millrace::log {

/// Writes one line through spdlog, or through what the user put in its place
/// (millrace/core/logging.hpp). Thread-safe, never throws.
///
/// Messages: fixed text first, values last ("cannot read record: topic orders, partition 3"). No
/// secrets: whoever logs client settings redacts them first.
void debug(std::string_view message) noexcept;
void info(std::string_view message) noexcept;
void warn(std::string_view message) noexcept;
void error(std::string_view message) noexcept;

/// True when a debug line would be written: guards the work of building it.
bool debug_enabled() noexcept;

}  // namespace millrace::log
