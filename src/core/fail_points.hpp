// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/fail_point_names.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::fail_points {

enum class Action {
    kKill,         ///< SIGKILL for this process.
    kThrow,        ///< The exception of Name::throws.
    kDelay,        ///< The thread sleeps for Rule::delay.
    kReturnError,  ///< Where a request returns a status: it gets no response. Elsewhere no effect.
    kCall,         ///< Calls Rule::call on the thread that reached the point.
};

/// What happens at a fail point.
struct Rule {
    std::string point;
    Action action = Action::kThrow;
    std::uint64_t hit = 1;  ///< How often the point is reached until then. Happens once.
    std::chrono::milliseconds delay{200};
    std::function<void()> call{};
};

/// Replaces the rule of the process and resets the hit counts. Throws std::invalid_argument if no
/// point has that name. Thread-safe, like all functions here.
void arm(const Rule& rule);

/// Removes the rule. Counting continues.
void disarm();

/// Whether the rule's action has happened.
bool fired();

/// How often the point was reached since arm(), or since the start of the process.
std::uint64_t hits(std::size_t point);

/// Parses "name:action:hit", with the actions kill, throw, delay and error. Throws
/// std::invalid_argument. The rule of a process is that of the environment variable
/// MILLRACE_FAIL_POINT when it starts.
Rule parse(std::string_view text);

/// Called at a fail point. Returns whether a request must return an error.
bool reach(std::size_t point);

}  // namespace millrace::fail_points
