// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/time.hpp"
#include "millrace/detail/core/saturating.hpp"
#include "millrace/windows/window.hpp"

#include <chrono>

namespace millrace {

/// For each record, the window that ends with it and the one that starts right after it, both ends
/// inclusive: records are in one window if they are at most `difference` apart. Has the semantics
/// of Kafka Streams' SlidingWindows. Immutable.
class SlidingWindows {
  public:
    using WindowType = Window;

    /// Throws TopologyError if negative.
    static SlidingWindows of(std::chrono::milliseconds difference);

    /// How long after its end a window still accepts late records; default zero.
    SlidingWindows grace(std::chrono::milliseconds after_end) const;

    std::chrono::milliseconds difference() const noexcept { return difference_; }
    std::chrono::milliseconds size() const noexcept { return difference_; }
    std::chrono::milliseconds grace() const noexcept { return grace_; }
    std::chrono::milliseconds default_retention() const noexcept {
        return detail::saturating_add(detail::saturating_add(difference_, difference_), grace_);
    }

  private:
    explicit SlidingWindows(std::chrono::milliseconds difference) : difference_(difference) {}

    std::chrono::milliseconds difference_;
    std::chrono::milliseconds grace_{0};
};

/// When a windowed aggregate sends its results. Has the semantics of Kafka Streams' EmitStrategy
/// (KIP-825).
enum class EmitStrategy {
    kOnWindowUpdate,  ///< Each change of a window.
    kOnWindowClose,   ///< Each window once, when stream time has passed its end and grace.
};

}  // namespace millrace
