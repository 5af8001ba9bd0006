// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace millrace::log {

/// Writes one line through spdlog, or through the user's log sink (millrace/core/logging.hpp).
/// Thread-safe, never throws.
///
/// Messages start with fixed text and end with values ("cannot read record: topic orders, partition
/// 3"). They must not contain secrets: redact client settings before you log them.
void debug(std::string_view message) noexcept;
void info(std::string_view message) noexcept;
void warn(std::string_view message) noexcept;
void error(std::string_view message) noexcept;

/// True if debug lines are written. Check it before building an expensive line.
bool debug_enabled() noexcept;

}  // namespace millrace::log
