// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/error.hpp"

#include <string>

namespace millrace::detail {

[[noreturn]] inline void check_failed(const char* condition, const char* file, int line) {
    throw InternalError(std::string("broken invariant: ") + condition + " (" + file + ":" +
                        std::to_string(line) + ")");
}

}  // namespace millrace::detail

/// Throws InternalError if `condition` is false. Always on: a broken invariant must never be
/// committed.
#define MILLRACE_CHECK(condition)                                             \
    do {                                                                      \
        if (!(condition)) [[unlikely]]                                        \
            ::millrace::detail::check_failed(#condition, __FILE__, __LINE__); \
    } while (false)
