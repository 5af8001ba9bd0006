// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/simulator.hpp"
#include "core/thread_annotations.hpp"

#include <chrono>

namespace millrace {

/// A condition that threads wait for, also in a simulation, where they take turns.
///
/// A simulated thread must not wait, nor make a request to the brokers, while it holds another
/// mutex that other threads lock.
class TurnCondition {
  public:
    void notify_all() {
        changed_.notify_all();
        if (simulator != nullptr) {
            simulator->notify(this);
        }
    }

    template <class F>
    void wait(MutexLock& lock, F done) MILLRACE_THREAD_ATTRIBUTE(no_thread_safety_analysis) {
        if (simulator == nullptr) {
            changed_.wait(lock, done);
            return;
        }
        while (!done()) {
            wait_in_turn(lock, kLong);
        }
    }

    /// False if the condition is not true after `timeout`.
    template <class F>
    bool wait_for(MutexLock& lock, std::chrono::milliseconds timeout, F done)
        MILLRACE_THREAD_ATTRIBUTE(no_thread_safety_analysis) {
        if (simulator == nullptr) {
            return changed_.wait_for(lock, timeout, done);
        }
        const auto begin = simulator->clock().monotonic();
        while (!done()) {
            const auto passed = simulator->clock().monotonic() - begin;
            if (passed >= timeout) {
                return false;
            }
            wait_in_turn(lock, timeout < kLong ? timeout - passed : kLong);
        }
        return true;
    }

  private:
    /// The longest single wait. Larger timeouts could overflow when converted to nanoseconds.
    static constexpr std::chrono::nanoseconds kLong = std::chrono::hours{1};

    /// May return early.
    void wait_in_turn(MutexLock& lock, std::chrono::nanoseconds at_most)
        MILLRACE_THREAD_ATTRIBUTE(no_thread_safety_analysis) {
        lock.unlock();
        simulator->wait(this, at_most);
        lock.lock();
    }

    Condition changed_;
};

}  // namespace millrace
