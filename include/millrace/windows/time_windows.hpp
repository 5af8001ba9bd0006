// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/time.hpp"
#include "millrace/detail/core/saturating.hpp"
#include "millrace/detail/windows/unrepresentable_window.hpp"
#include "millrace/windows/window.hpp"

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>

namespace millrace {

/// Windows of one length, aligned to the epoch: tumbling, or hopping if they start more often than
/// their length. Has the semantics of Kafka Streams' TimeWindows.
///
///     TimeWindows::of(20s)                 [0, 20) [20, 40) [40, 60) ...
///     TimeWindows::of(20s).advance_by(5s)  [0, 20) [5, 25) [10, 30) ...
///
/// Immutable.
class TimeWindows {
  public:
    using WindowType = Window;

    /// Throws TopologyError unless `size` is at least a millisecond.
    static TimeWindows of(std::chrono::milliseconds size);

    /// A window starts every `advance`. Throws TopologyError unless 0 < advance <= size.
    TimeWindows advance_by(std::chrono::milliseconds advance) const;

    /// How long after its end a window still accepts late records; default zero. Throws
    /// TopologyError if negative.
    TimeWindows grace(std::chrono::milliseconds after_end) const;

    std::chrono::milliseconds size() const noexcept { return size_; }
    std::chrono::milliseconds advance() const noexcept { return advance_; }
    std::chrono::milliseconds grace() const noexcept { return grace_; }

    /// The minimum and default retention of a store of these windows.
    std::chrono::milliseconds default_retention() const noexcept {
        return detail::saturating_add(size_, grace_);
    }

    /// Calls `use` with each window that contains `time`, by start; there is none before the epoch.
    /// Throws Error before the first call if one of them would end after the largest representable
    /// time.
    template <std::invocable<Window> F>
    void for_each_window(Timestamp time, F&& use) const {
        const std::int64_t at = milliseconds_of(time);
        const std::int64_t step = advance_.count();
        const std::int64_t latest = std::numeric_limits<std::int64_t>::max() - size_.count();
        if (at < 0) [[unlikely]] {
            return;
        }
        if (at > latest && at / step * step > latest) [[unlikely]] {
            detail::refuse_window(time, size_);
        }
        std::int64_t start = std::max<std::int64_t>(0, at - size_.count() + step) / step * step;
        for (; start <= at; start += step) {
            const Timestamp begin = timestamp_of(start);
            use(Window{begin, begin + size_});
        }
    }

  private:
    explicit TimeWindows(std::chrono::milliseconds size) : size_(size), advance_(size) {}

    std::chrono::milliseconds size_;
    std::chrono::milliseconds advance_;
    std::chrono::milliseconds grace_{0};
};

/// One window without an end. Records before its start are in no window. Has the semantics of Kafka
/// Streams' UnlimitedWindows. Immutable.
class UnlimitedWindows {
  public:
    using WindowType = Window;

    static UnlimitedWindows of() { return UnlimitedWindows(); }

    /// Throws TopologyError if `start` is before the epoch.
    UnlimitedWindows start_on(Timestamp start) const;

    std::chrono::milliseconds size() const noexcept { return std::chrono::milliseconds::max(); }
    std::chrono::milliseconds grace() const noexcept { return std::chrono::milliseconds(0); }
    std::chrono::milliseconds default_retention() const noexcept { return size(); }
    Timestamp start() const noexcept { return start_; }

    template <std::invocable<Window> F>
    void for_each_window(Timestamp time, F&& use) const {
        if (time >= start_) {
            use(Window{start_, kEndOfTime});
        }
    }

  private:
    Timestamp start_{};
};

/// Windows that depend on a record's time only.
template <class W>
concept FixedWindows = std::same_as<W, TimeWindows> || std::same_as<W, UnlimitedWindows>;

}  // namespace millrace
