// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/client/state_listener.hpp"

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
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

/// The client's state and who waits for it. Thread-safe.
///
/// The listener hears of the changes one after the other, in their order, without a lock: of a
/// change that is made while it is called, by itself or by another thread, after that call. What it
/// throws is logged: it observes, and nobody could do anything about it.
class StateMachine {
  public:
    /// Before any transition.
    void set_listener(StateListener listener) { listener_ = std::move(listener); }

    ClientState state() const;

    /// Goes there if the table allows it, and has the listener told. False otherwise.
    bool transition_to(ClientState to);

    bool wait_for(ClientState state, std::chrono::milliseconds timeout) const;

  private:
    struct Change {
        ClientState to;
        ClientState before;
    };

    void tell(const Change& change) const;

    StateListener listener_;
    mutable std::mutex mutex_;  // Guards the rest.
    mutable std::condition_variable changed_;
    ClientState state_ = ClientState::kCreated;
    std::deque<Change> untold_;
    bool telling_ = false;  // A thread is at it, and goes on until nothing is untold.
};

}  // namespace millrace::client
