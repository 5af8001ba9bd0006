// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/thread/thread_state.hpp"

#include <atomic>
#include <functional>
#include <string>

namespace millrace::runtime {

/// The state of one stream thread. The stream thread changes it; state() is thread-safe.
class ThreadStateMachine {
  public:
    using Listener = std::function<void(ThreadState now, ThreadState before)>;

    /// `name` is the thread's, for the log. `listener` is called after every change; may be empty.
    ThreadStateMachine(std::string name, Listener listener);

    ThreadState state() const noexcept { return state_.load(std::memory_order_acquire); }

    /// No effect if the thread is already in that state. Throws InternalError if the table does not
    /// allow the transition.
    void transition_to(ThreadState next);

  private:
    std::string name_;
    Listener listener_;
    std::atomic<ThreadState> state_{ThreadState::kCreated};
};

}  // namespace millrace::runtime
