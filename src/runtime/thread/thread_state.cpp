// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/thread_state.hpp"

namespace millrace::runtime {

std::string_view to_string(ThreadState state) noexcept {
    switch (state) {
        case ThreadState::kCreated:
            return "CREATED";
        case ThreadState::kStarting:
            return "STARTING";
        case ThreadState::kPartitionsRevoked:
            return "PARTITIONS_REVOKED";
        case ThreadState::kPartitionsAssigned:
            return "PARTITIONS_ASSIGNED";
        case ThreadState::kRunning:
            return "RUNNING";
        case ThreadState::kPendingShutdown:
            return "PENDING_SHUTDOWN";
        case ThreadState::kDead:
            return "DEAD";
    }
    return "?";
}

}  // namespace millrace::runtime
