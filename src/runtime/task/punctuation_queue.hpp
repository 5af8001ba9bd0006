// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/time.hpp"
#include "millrace/processor/punctuation.hpp"
#include "runtime/task/time_heap.hpp"

#include <chrono>
#include <memory>
#include <optional>

namespace millrace::detail {
class Node;
}

namespace millrace::runtime {

/// Returns the first `anchor + n * interval`, n >= 0, that is later than `time`. Empty on overflow.
std::optional<Timestamp> next_on_grid(Timestamp anchor, std::chrono::milliseconds interval,
                                      Timestamp time);

/// A scheduled punctuation.
struct Punctuation {
    const detail::Node* node = nullptr;
    std::chrono::milliseconds interval{1};
    Timestamp due{};
    Punctuator punctuator;
    std::shared_ptr<bool> cancelled;  // Shared with the user's Cancellable, which may outlive this.
};

/// The punctuations of one task for one of the two clocks.
///
/// A punctuation is called once when it is due, however many intervals have passed, and is then due
/// at the next multiple of its interval after the time of the call:
///
///     interval 10, first due at 10:   called at 10, 23 (for 20), 57 (for 50); next due 60
///
/// Not thread-safe.
class PunctuationQueue {
  public:
    /// Requires an interval of at least 1 ms. If `first` is empty, it is never called.
    Cancellable schedule(const detail::Node& node, std::chrono::milliseconds interval,
                         std::optional<Timestamp> first, Punctuator punctuator);

    /// When the next one is due; empty: none is scheduled.
    std::optional<Timestamp> next() const;

    /// Calls `call(const Punctuation&)` for all that are due at `now`. Returns whether there was
    /// one.
    template <class F>
    bool run(Timestamp now, F call) {
        bool any = false;
        while (!heap_.empty() && heap_.top().time <= now) {
            const std::shared_ptr<Punctuation> due = heap_.pop();
            if (*due->cancelled) {
                continue;
            }
            any = true;
            call(*due);
            if (!*due->cancelled) {
                reschedule(due, now);
            }
        }
        return any;
    }

    void clear() noexcept { heap_.clear(); }

  private:
    void reschedule(const std::shared_ptr<Punctuation>& punctuation, Timestamp now);

    // Shared because a punctuator may schedule others while it is called, not because it has two
    // owners.
    TimeHeap<std::shared_ptr<Punctuation>> heap_;
};

}  // namespace millrace::runtime
