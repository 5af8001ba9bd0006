// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/windows/session_windows.hpp"
#include "millrace/windows/sliding_windows.hpp"
#include "millrace/windows/time_windows.hpp"

#include <concepts>

namespace millrace {

/// Windows on event time alone, without sessions.
template <class W>
concept TimeBasedWindows = FixedWindows<W> || std::same_as<W, SlidingWindows>;

/// Windows by which a stream can be aggregated; join windows are not included.
template <class W>
concept AggregationWindows = TimeBasedWindows<W> || std::same_as<W, SessionWindows>;

}  // namespace millrace
