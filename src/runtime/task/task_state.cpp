// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/task_state.hpp"

namespace millrace::runtime {

std::string_view to_string(TaskState state) noexcept {
    switch (state) {
        case TaskState::kCreated:
            return "CREATED";
        case TaskState::kRestoring:
            return "RESTORING";
        case TaskState::kRunning:
            return "RUNNING";
        case TaskState::kSuspended:
            return "SUSPENDED";
        case TaskState::kClosed:
            return "CLOSED";
    }
    return "UNKNOWN";
}

}  // namespace millrace::runtime
