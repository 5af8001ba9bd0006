// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/client/state_listener.hpp"

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>

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
class StateMachine {
  public:
    /// Before any transition.
    void set_listener(StateListener listener) { listener_ = std::move(listener); }

    ClientState state() const;

    /// Goes there if the table allows it, and tells the listener. False otherwise.
    bool transition_to(ClientState to);

    bool wait_for(ClientState state, std::chrono::milliseconds timeout) const;

  private:
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    ClientState state_ = ClientState::kCreated;
    std::recursive_mutex telling_;  // Keeps calls of the listener in order; it may cause changes.
    StateListener listener_;
};

}  // namespace millrace::client
