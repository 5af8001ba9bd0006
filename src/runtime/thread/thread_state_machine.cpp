// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/thread_state_machine.hpp"

#include "core/check.hpp"
#include "core/log.hpp"

#include <utility>

namespace millrace::runtime {

ThreadStateMachine::ThreadStateMachine(std::string name, Listener listener)
    : name_(std::move(name)), listener_(std::move(listener)) {}

void ThreadStateMachine::transition_to(ThreadState next) {
    const ThreadState before = state();
    if (before == next) {
        return;
    }
    MILLRACE_CHECK(may_go(before, next));
    state_.store(next, std::memory_order_release);
    log::info(name_ + ": " + std::string(to_string(before)) + " to " +
              std::string(to_string(next)));
    if (listener_) {
        listener_(next, before);
    }
}

}  // namespace millrace::runtime
