// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/thread_annotations.hpp"
#include "core/turn_condition.hpp"
#include "millrace/client/state_listener.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <deque>
#include <utility>

namespace millrace::client {

inline constexpr std::size_t kClientStates = 7;

/// Rows: from; columns: to, in the order of the enumerators. The diagram is at ClientState.
inline constexpr std::array<std::array<bool, kClientStates>, kClientStates> kClientTransitions{{
    //              created rebal  running p.shut notrun p.error error
    /* created   */ {{false, true, false, true, false, false, false}},
    /* rebalanc. */ {{false, false, true, true, false, true, false}},
    /* running   */ {{false, true, false, true, false, true, false}},
    /* pending s.*/ {{false, false, false, false, true, false, false}},
    /* not run.  */ {{false, false, false, false, false, false, false}},
    /* pending e.*/ {{false, false, false, false, false, false, true}},
    /* error     */ {{false, false, false, false, false, false, false}},
}};

constexpr bool may_go(ClientState from, ClientState to) noexcept {
    return kClientTransitions[static_cast<std::size_t>(from)][static_cast<std::size_t>(to)];
}

constexpr bool final_state(ClientState state) noexcept {
    return state == ClientState::kNotRunning || state == ClientState::kError;
}

/// The state of a client, and its waiters. Thread-safe.
///
/// The listener is called after every change, in order, one call at a time and without a lock. A
/// change during a call, by the listener or by another thread, is reported after that call. Its
/// exceptions are logged: the listener only observes.
class StateMachine {
  public:
    /// Must be called before the first transition.
    void set_listener(StateListener listener) { listener_ = std::move(listener); }

    ClientState state() const;

    /// Changes the state if the table allows it, and calls the listener. Otherwise returns false.
    bool transition_to(ClientState to);

    bool wait_for(ClientState state, std::chrono::milliseconds timeout) const;

  private:
    struct Change {
        ClientState to;
        ClientState before;
    };

    void tell(const Change& change) const;

    StateListener listener_;
    mutable Mutex mutex_;
    mutable TurnCondition changed_;
    ClientState state_ MILLRACE_GUARDED_BY(mutex_) = ClientState::kCreated;
    std::deque<Change> untold_ MILLRACE_GUARDED_BY(mutex_);

    // A thread is calling the listener, and continues until all changes are reported.
    bool telling_ MILLRACE_GUARDED_BY(mutex_) = false;
};

}  // namespace millrace::client
