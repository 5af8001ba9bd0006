// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/time.hpp"
#include "millrace/detail/core/saturating.hpp"
#include "millrace/windows/window.hpp"

#include <chrono>

namespace millrace {

/// Windows that grow with their records and end if no record arrives for `gap`. Has the semantics
/// of Kafka Streams' SessionWindows. Immutable.
class SessionWindows {
  public:
    using WindowType = SessionWindow;

    /// Throws TopologyError unless positive.
    static SessionWindows of(std::chrono::milliseconds gap);

    /// How long after its end a session still accepts late records, in addition to the gap; default
    /// zero.
    SessionWindows grace(std::chrono::milliseconds after_end) const;

    std::chrono::milliseconds gap() const noexcept { return gap_; }
    std::chrono::milliseconds grace() const noexcept { return grace_; }
    std::chrono::milliseconds default_retention() const noexcept {
        return detail::saturating_add(gap_, grace_);
    }

  private:
    explicit SessionWindows(std::chrono::milliseconds gap) : gap_(gap) {}

    std::chrono::milliseconds gap_;
    std::chrono::milliseconds grace_{0};
};

}  // namespace millrace
