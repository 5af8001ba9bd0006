// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/windows/windowed_forms.hpp"
#include "millrace/windows/windowed.hpp"

#include <chrono>
#include <concepts>
#include <cstddef>
#include <map>
#include <optional>
#include <string>

namespace millrace {

/// Buffers the results of windows until they are final: until stream time has passed the window's
/// end and its grace. The buffer is in memory, with a changelog. Has the semantics of Kafka
/// Streams' Suppressed.untilWindowCloses, except that a window that includes its end (sliding,
/// sessions) is sent only when no record can change it: one result for each window.
struct UntilWindowCloses {
    std::string name{};  ///< Of the node; its store is called "<name>-store".

    /// If the buffer has more changes or bytes, the task fails with a ProcessingError, because an
    /// early result would not be final. Empty: unlimited.
    std::optional<std::size_t> max_records{};
    std::optional<std::size_t> max_bytes{};

    bool logging = true;  ///< False: the buffer is lost with the task.
    /// Topic settings that override the defaults.
    std::map<std::string, std::string> changelog_config{};
};

/// What happens when the buffer is full.
enum class WhenFull {
    kEmitEarly,  ///< The oldest changes are sent early.
    kShutDown,   ///< The task fails with a ProcessingError.
};

/// Buffers each key's changes for a time, in stream time from the first of them, and then sends the
/// latest. Has the semantics of Kafka Streams' Suppressed.untilTimeLimit.
struct UntilTimeLimit {
    std::chrono::milliseconds limit{0};
    std::string name{};  ///< Of the node; its store is called "<name>-store".

    /// The maximum number of buffered changes, and of their bytes. Empty: unlimited.
    std::optional<std::size_t> max_records{};
    std::optional<std::size_t> max_bytes{};
    WhenFull when_full = WhenFull::kEmitEarly;

    bool logging = true;  ///< False: the buffer is lost with the task.
    /// Topic settings that override the defaults.
    std::map<std::string, std::string> changelog_config{};
};

/// A suppression of a table with keys K: only windows close.
template <class S, class K>
concept Suppression = std::same_as<S, UntilTimeLimit> ||
                      (std::same_as<S, UntilWindowCloses> && detail::kWindowSuffix<K> != 0);

}  // namespace millrace
