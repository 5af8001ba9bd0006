// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/time.hpp"

#include <chrono>

namespace millrace {

/// An object that runs in turns: on a thread of the client, or in a simulator that runs many of
/// them in one thread. It has no thread, condition variable or sleep; it waits in an interface such
/// as Consumer::poll, or between two turns.
class Driven {
  public:
    /// For run_once: no turn is due before wake_up.
    static constexpr std::chrono::milliseconds kUntilWoken = std::chrono::milliseconds::max();

    virtual ~Driven() = default;

    /// One turn: does what can be done now. `now` is the wall clock. Returns how long to wait
    /// before the next turn: 0 if there is more to do, or if the turn itself has waited.
    virtual std::chrono::milliseconds run_once(Timestamp now) = 0;

    /// Wakes up a wait in run_once, or the next one. Thread-safe.
    virtual void wake_up() = 0;
};

}  // namespace millrace
