// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/punctuation_queue.hpp"

#include "core/check.hpp"
#include "millrace/detail/core/saturating.hpp"

#include <utility>

namespace millrace::runtime {

Cancellable PunctuationQueue::schedule(const detail::Node& node, std::chrono::milliseconds interval,
                                       Timestamp first, Punctuator punctuator) {
    MILLRACE_CHECK(interval.count() >= 1);
    auto cancelled = std::make_shared<bool>(false);
    heap_.push(first, std::make_shared<Punctuation>(Punctuation{.node = &node,
                                                                .interval = interval,
                                                                .due = first,
                                                                .punctuator = std::move(punctuator),
                                                                .cancelled = cancelled}));
    return Cancellable(std::move(cancelled));
}

std::optional<Timestamp> PunctuationQueue::next() const {
    return heap_.empty() ? std::nullopt : std::optional(heap_.top().time);
}

void PunctuationQueue::reschedule(const std::shared_ptr<Punctuation>& punctuation, Timestamp now) {
    const auto interval = punctuation->interval;
    const Timestamp due = punctuation->due;
    // The last multiple up to `now`, or the last one called.
    const Timestamp last = due < now ? now - (now - due) % interval : due;
    if (interval > Timestamp::max() - last) {
        return;  // There is no later multiple.
    }
    punctuation->due = last + interval;
    heap_.push(punctuation->due, punctuation);
}

}  // namespace millrace::runtime
