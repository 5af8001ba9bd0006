// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>

namespace millrace {

enum class LogLevel { kDebug, kInfo, kWarn, kError, kOff };

/// Receives every log line of the library. Called from any of its threads, possibly concurrently;
/// must not throw.
using LogSink = std::function<void(LogLevel, std::string_view message)>;

/// Sends the library's log lines to `sink` instead of standard error; an empty sink restores the
/// default.
void set_log_sink(LogSink sink);

/// Lines below `level` are not written. Default kInfo. Thread-safe.
void set_log_level(LogLevel level);

}  // namespace millrace
