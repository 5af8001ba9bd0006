// SPDX-License-Identifier: Apache-2.0
#include "client/client_state.hpp"

#include "core/log.hpp"

#include <exception>
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
    const MutexLock lock(mutex_);
    return state_;
}

bool StateMachine::transition_to(ClientState to) {
    MutexLock lock(mutex_);
    if (!may_go(state_, to)) {
        return false;
    }
    untold_.push_back({to, state_});
    state_ = to;
    changed_.notify_all();
    if (std::exchange(telling_, true)) {
        return true;
    }
    while (!untold_.empty()) {
        const Change change = untold_.front();
        untold_.pop_front();
        lock.unlock();
        tell(change);
        lock.lock();
    }
    telling_ = false;
    return true;
}

void StateMachine::tell(const Change& change) const {
    log::info("client: " + std::string(to_string(change.before)) + " to " +
              std::string(to_string(change.to)));
    if (!listener_) {
        return;
    }
    const auto failed = [&change](const std::string& why) {
        log::error("the state listener failed on the change to " +
                   std::string(to_string(change.to)) + ": " + why);
    };
    try {
        listener_(change.to, change.before);
    } catch (const std::exception& error) {
        failed(error.what());
    } catch (...) {
        failed("exception not derived from std::exception");
    }
}

bool StateMachine::wait_for(ClientState state, std::chrono::milliseconds timeout) const {
    MutexLock lock(mutex_);
    changed_.wait_for(lock, timeout, [&]() MILLRACE_REQUIRES(mutex_) {
        return state_ == state || final_state(state_);
    });
    return state_ == state;
}

}  // namespace client
}  // namespace millrace
