// SPDX-License-Identifier: Apache-2.0

// MILLRACE_FAIL_POINT("commit.delivered"); marks a place where a test can make the process fail.
// Without the CMake option MILLRACE_FAIL_POINTS it is no code.
//
// In .cpp files only: tests link such files compiled with the option, and the rest of the library
// compiled without it.
#pragma once

#include "core/fail_point_names.hpp"

#ifdef MILLRACE_FAIL_POINTS

#include "core/fail_points.hpp"

#include <utility>

#define MILLRACE_FAIL_POINT(name) \
    ::millrace::fail_points::reach(::millrace::fail_points::index_of(name))

/// The value of `call`, a kafka::Status or Result that is returned by a request; the action "error"
/// replaces it, as if the response was lost. Include kafka/status.hpp.
#define MILLRACE_FAIL_POINT_ANSWER(name, call) \
    ::millrace::fail_points::answer<::millrace::fail_points::index_of(name)>(call)

namespace millrace::kafka {
class Status;
}

namespace millrace::fail_points {

template <std::size_t kPoint, class Answer, class Status = kafka::Status>
Answer answer(Answer given) {
    if (!reach(kPoint)) {
        return given;
    }
    const auto code = decltype(Status{}.code())::kTimedOut;
    return Status(code, "fail point: " + std::string(kNames[kPoint].text), {.retriable = true});
}

}  // namespace millrace::fail_points

#else

#define MILLRACE_FAIL_POINT(name) \
    static_assert(::millrace::fail_points::index_of(name) < ::millrace::fail_points::kCount)
#define MILLRACE_FAIL_POINT_ANSWER(name, call) call

#endif
