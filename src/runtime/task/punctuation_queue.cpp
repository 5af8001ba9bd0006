// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/punctuation_queue.hpp"

#include "core/check.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace millrace::runtime {

std::optional<Timestamp> next_on_grid(Timestamp anchor, std::chrono::milliseconds interval,
                                      Timestamp time) {
    if (anchor > time) {
        return anchor;
    }
    // Unsigned: the distance of two times may be larger than the largest time.
    const auto distance = static_cast<std::uint64_t>(milliseconds_of(time)) -
                          static_cast<std::uint64_t>(milliseconds_of(anchor));
    const auto step = static_cast<std::uint64_t>(interval.count());
    const auto wait = std::chrono::milliseconds(static_cast<std::int64_t>(step - distance % step));
    if (time > Timestamp{} && wait > Timestamp::max() - time) {
        return std::nullopt;
    }
    return time + wait;
}

Cancellable PunctuationQueue::schedule(const detail::Node& node, std::chrono::milliseconds interval,
                                       std::optional<Timestamp> first, Punctuator punctuator) {
    MILLRACE_CHECK(interval.count() >= 1);
    auto cancelled = std::make_shared<bool>(false);
    if (first) {
        heap_.push(*first,
                   std::make_shared<Punctuation>(Punctuation{.node = &node,
                                                             .interval = interval,
                                                             .due = *first,
                                                             .punctuator = std::move(punctuator),
                                                             .cancelled = cancelled}));
    }
    return Cancellable(std::move(cancelled));
}

std::optional<Timestamp> PunctuationQueue::next() const {
    return heap_.empty() ? std::nullopt : std::optional(heap_.top().time);
}

void PunctuationQueue::reschedule(const std::shared_ptr<Punctuation>& punctuation, Timestamp now) {
    const Timestamp due = punctuation->due;
    const auto next = next_on_grid(due, punctuation->interval, std::max(now, due));
    if (next) {
        punctuation->due = *next;
        heap_.push(*next, punctuation);
    }
}

}  // namespace millrace::runtime
