// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/check.hpp"

#include <array>
#include <cstddef>
#include <string_view>

namespace millrace::runtime {

/// The life cycle of a task.
///
///     kCreated ──► kRestoring ──► kRunning
///        │             │             │
///        │             ▼             │
///        └──────► kSuspended ◄───────┘
///                    │
///                    ▼
///                 kClosed
enum class TaskState { kCreated, kRestoring, kRunning, kSuspended, kClosed };

inline constexpr std::size_t kTaskStates = 5;

std::string_view to_string(TaskState state) noexcept;

/// Rows: from; columns: to, in the order of the enumerators.
inline constexpr std::array<std::array<bool, kTaskStates>, kTaskStates> kTaskTransitions{{
    //            created restoring running suspended closed
    /* created   */ {{false, true, false, true, false}},
    /* restoring */ {{false, false, true, true, false}},
    /* running   */ {{false, false, false, true, false}},
    /* suspended */ {{false, false, false, false, true}},
    /* closed    */ {{false, false, false, false, false}},
}};

constexpr bool may_go(TaskState from, TaskState to) noexcept {
    return kTaskTransitions[static_cast<std::size_t>(from)][static_cast<std::size_t>(to)];
}

/// Throws InternalError if the table does not allow the transition.
inline void transition(TaskState& state, TaskState to) {
    MILLRACE_CHECK(may_go(state, to));
    state = to;
}

}  // namespace millrace::runtime
