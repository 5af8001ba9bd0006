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

/// Holds the results of windows back until they are final: until stream time has passed the
/// window's end and its grace. What is held back is in memory, with a changelog. Has the semantics
/// of Kafka Streams' Suppressed.untilWindowCloses, except that where a window includes its end
/// (sliding, sessions) a result waits until no record can change it: one result for each window.
struct UntilWindowCloses {
    std::string name{};  ///< Of the node; its store is called "<name>-store".

    /// More changes, or bytes of them, stop the task with a ProcessingError: a result that came
    /// early would not be final. Nothing: as many as come.
    std::optional<std::size_t> max_records{};
    std::optional<std::size_t> max_bytes{};

    bool logging = true;  ///< False: what is held back is lost with the task.
    std::map<std::string, std::string> changelog_config{};  ///< Topic settings that override ours.
};

/// What becomes of changes when more are held back than may be.
enum class WhenFull {
    kEmitEarly,  ///< The oldest are sent before their time.
    kShutDown,   ///< The task stops with a ProcessingError.
};

/// Holds each key's changes back for a time, counted in stream time from the first of them; then
/// the latest is sent. Has the semantics of Kafka Streams' Suppressed.untilTimeLimit.
struct UntilTimeLimit {
    std::chrono::milliseconds limit{0};
    std::string name{};  ///< Of the node; its store is called "<name>-store".

    /// How many changes, and bytes of them, are held back at most. Nothing: as many as come.
    std::optional<std::size_t> max_records{};
    std::optional<std::size_t> max_bytes{};
    WhenFull when_full = WhenFull::kEmitEarly;

    bool logging = true;  ///< False: what is held back is lost with the task.
    std::map<std::string, std::string> changelog_config{};  ///< Topic settings that override ours.
};

/// A way to hold back changes of a table with keys K: only windows close.
template <class S, class K>
concept Suppression = std::same_as<S, UntilTimeLimit> ||
                      (std::same_as<S, UntilWindowCloses> && detail::kWindowSuffix<K> != 0);

}  // namespace millrace
