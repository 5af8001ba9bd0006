// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/time.hpp"
#include "millrace/detail/core/saturating.hpp"

#include <chrono>

namespace millrace {

/// How far apart records of two streams may be to be joined: a record of the other stream matches
/// from `before` earlier to `after` later, inclusive. Has the semantics of Kafka Streams'
/// JoinWindows. Immutable.
class JoinWindows {
  public:
    /// The same distance in both directions. Throws TopologyError if negative.
    static JoinWindows of(std::chrono::milliseconds difference);

    /// Negative values move the window. Throw TopologyError if it would end before it starts.
    JoinWindows before(std::chrono::milliseconds before) const;
    JoinWindows after(std::chrono::milliseconds after) const;

    /// How long unmatched records of left and outer joins wait; default zero.
    JoinWindows grace(std::chrono::milliseconds after_end) const;

    /// Left and outer joins send an unmatched record at once, like Kafka Streams' deprecated
    /// JoinWindows.of; a later match is sent as well. Then grace only determines how long records
    /// are kept.
    JoinWindows unmatched_at_once() const;

    bool is_unmatched_at_once() const noexcept { return unmatched_at_once_; }
    std::chrono::milliseconds before() const noexcept { return before_; }
    std::chrono::milliseconds after() const noexcept { return after_; }
    std::chrono::milliseconds grace() const noexcept { return grace_; }
    std::chrono::milliseconds size() const noexcept {
        return detail::saturating_add(before_, after_);
    }
    std::chrono::milliseconds retention() const noexcept {
        return detail::saturating_add(size(), grace_);
    }

  private:
    JoinWindows(std::chrono::milliseconds before, std::chrono::milliseconds after)
        : before_(before), after_(after) {}

    std::chrono::milliseconds before_;
    std::chrono::milliseconds after_;
    std::chrono::milliseconds grace_{0};
    bool unmatched_at_once_ = false;
};

}  // namespace millrace
