// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/time.hpp"

#include <chrono>
#include <compare>

namespace millrace {

/// The end of a window without end.
inline constexpr Timestamp kEndOfTime = Timestamp::max();

/// A span of event time. Tumbling, hopping and unlimited windows exclude their end, sliding windows
/// include it.
struct Window {
    Timestamp start{};
    Timestamp end{};

    bool operator==(const Window&) const = default;
    auto operator<=>(const Window&) const = default;
};

/// The span from the first to the last record of a session; it includes both ends, so a session of
/// one record starts where it ends.
struct SessionWindow {
    Timestamp start{};
    Timestamp end{};

    bool operator==(const SessionWindow&) const = default;
    auto operator<=>(const SessionWindow&) const = default;
};

/// A key with the window of its aggregate: W is Window or SessionWindow.
template <class K, class W = Window>
struct Windowed {
    K key{};
    W window{};

    bool operator==(const Windowed&) const = default;
    auto operator<=>(const Windowed&) const = default;
};

/// A key with a session.
template <class K>
using SessionWindowed = Windowed<K, SessionWindow>;

}  // namespace millrace
