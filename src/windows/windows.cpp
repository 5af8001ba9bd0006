// SPDX-License-Identifier: Apache-2.0
#include "millrace/core/error.hpp"
#include "millrace/detail/core/saturating.hpp"
#include "millrace/detail/windows/unrepresentable_window.hpp"
#include "millrace/windows/join_windows.hpp"
#include "millrace/windows/session_windows.hpp"
#include "millrace/windows/sliding_windows.hpp"
#include "millrace/windows/time_windows.hpp"

#include <string>

namespace millrace {
namespace {

using std::chrono::milliseconds;

void require(bool condition, const char* what, milliseconds seen) {
    if (!condition) {
        throw TopologyError(std::string(what) + "; got " + std::to_string(seen.count()) + " ms");
    }
}

void require_grace(milliseconds grace) {
    require(grace.count() >= 0, "a window's grace must not be negative", grace);
}

}  // namespace

void detail::refuse_window(Timestamp time, milliseconds size) {
    throw Error(ErrorKind::kInvalidArgument,
                "a window of the record would end after the largest timestamp: timestamp " +
                    std::to_string(milliseconds_of(time)) + ", window size " +
                    std::to_string(size.count()) +
                    " ms; correct the timestamp with a timestamp extractor, or skip such records "
                    "with processing.exception.handler=continue");
}

TimeWindows TimeWindows::of(milliseconds size) {
    require(size.count() > 0, "a window's size must be at least 1 ms", size);
    return TimeWindows(size);
}

TimeWindows TimeWindows::advance_by(milliseconds advance) const {
    require(advance.count() > 0 && advance <= size_,
            "a window's advance must be at least 1 ms and at most its size", advance);
    TimeWindows changed = *this;
    changed.advance_ = advance;
    return changed;
}

TimeWindows TimeWindows::grace(milliseconds after_end) const {
    require_grace(after_end);
    TimeWindows changed = *this;
    changed.grace_ = after_end;
    return changed;
}

UnlimitedWindows UnlimitedWindows::start_on(Timestamp start) const {
    require(start >= Timestamp{}, "a window must not start before the epoch",
            start.time_since_epoch());
    UnlimitedWindows changed = *this;
    changed.start_ = start;
    return changed;
}

SlidingWindows SlidingWindows::of(milliseconds difference) {
    require(difference.count() >= 0, "a time difference must not be negative", difference);
    return SlidingWindows(difference);
}

SlidingWindows SlidingWindows::grace(milliseconds after_end) const {
    require_grace(after_end);
    SlidingWindows changed = *this;
    changed.grace_ = after_end;
    return changed;
}

SessionWindows SessionWindows::of(milliseconds gap) {
    require(gap.count() > 0, "a session's gap must be at least 1 ms", gap);
    return SessionWindows(gap);
}

SessionWindows SessionWindows::grace(milliseconds after_end) const {
    require_grace(after_end);
    SessionWindows changed = *this;
    changed.grace_ = after_end;
    return changed;
}

JoinWindows JoinWindows::of(milliseconds difference) {
    require(difference.count() >= 0, "a time difference must not be negative", difference);
    return JoinWindows(difference, difference);
}

JoinWindows JoinWindows::before(milliseconds before) const {
    require(detail::saturating_add(before, after_).count() >= 0,
            "a join window must not end before it starts", before);
    JoinWindows changed = *this;
    changed.before_ = before;
    return changed;
}

JoinWindows JoinWindows::after(milliseconds after) const {
    require(detail::saturating_add(before_, after).count() >= 0,
            "a join window must not end before it starts", after);
    JoinWindows changed = *this;
    changed.after_ = after;
    return changed;
}

JoinWindows JoinWindows::unmatched_at_once() const {
    JoinWindows changed = *this;
    changed.unmatched_at_once_ = true;
    return changed;
}

JoinWindows JoinWindows::grace(milliseconds after_end) const {
    require_grace(after_end);
    JoinWindows changed = *this;
    changed.grace_ = after_end;
    return changed;
}

}  // namespace millrace
