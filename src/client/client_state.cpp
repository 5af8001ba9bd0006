// SPDX-License-Identifier: Apache-2.0
#include "client/client_state.hpp"

#include "core/log.hpp"

#include <string>

namespace millrace {

std::string_view to_string(ClientState state) noexcept {
    switch (state) {
        case ClientState::kCreated:
            return "CREATED";
        case ClientState::kRebalancing:
            return "REBALANCING";
        case ClientState::kRunning:
            return "RUNNING";
        case ClientState::kPendingShutdown:
            return "PENDING_SHUTDOWN";
        case ClientState::kNotRunning:
            return "NOT_RUNNING";
        case ClientState::kPendingError:
            return "PENDING_ERROR";
        case ClientState::kError:
            return "ERROR";
    }
    return "?";
}

namespace client {

ClientState StateMachine::state() const {
    const std::scoped_lock lock(mutex_);
    return state_;
}

bool StateMachine::transition_to(ClientState to) {
    const std::scoped_lock in_order(telling_);
    ClientState before{};
    {
        const std::scoped_lock lock(mutex_);
        before = state_;
        if (!may_go(before, to)) {
            return false;
        }
        state_ = to;
    }
    changed_.notify_all();
    log::info("client: " + std::string(to_string(before)) + " to " + std::string(to_string(to)));
    if (listener_) {
        listener_(to, before);
    }
    return true;
}

bool StateMachine::wait_for(ClientState state, std::chrono::milliseconds timeout) const {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, timeout, [&] { return state_ == state || final_state(state_); });
    return state_ == state;
}

}  // namespace client
}  // namespace millrace
