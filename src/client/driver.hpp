// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/driven.hpp"
#include "core/thread.hpp"
#include "core/thread_annotations.hpp"
#include "core/turn_condition.hpp"

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <utility>
#include <vector>

namespace millrace::client {

/// Runs driven objects on a thread, one turn of each after the other, until
/// it is stopped or one of them throws. Thread-safe.
class Driver {
  public:
    /// Called on the driver's thread. Must not throw.
    struct Hooks {
        /// An object has thrown; it gets no further turn.
        std::function<void(const std::exception&)> on_error{};

        /// Called after the last turn, for any reason. May be empty.
        std::function<void()> on_end{};

        const void* client = nullptr;  ///< The client of the thread, see InsideClient.
    };

    /// The objects and the clock must outlive the driver.
    Driver(std::vector<Driven*> objects, Hooks hooks, const Clock& clock);
    ~Driver();  ///< Joins the thread. Requires that it was stopped or not started.

    /// Throws std::system_error if no thread can be created.
    void start();

    /// No turn follows the current one, which is woken up.
    void stop();

    /// Wakes up the wait between two turns, and waits in the objects.
    void wake_up();

    /// Waits for the end after stop(). Must not be called from the thread itself.
    void join();

    bool is_current() const { return id_.load() == Thread::current(); }

  private:
    void run();
    void take_turns();
    void wait(std::chrono::milliseconds time);

    std::vector<Driven*> objects_;
    Hooks hooks_;
    const Clock& clock_;
    std::atomic<bool> stop_{false};
    Mutex mutex_;  // Held while stop_ changes, so that no wait misses it.
    TurnCondition changed_;
    bool woken_ MILLRACE_GUARDED_BY(mutex_) = false;
    std::atomic<const void*> id_{nullptr};
    Mutex joining_;  // Held while the thread is joined; start() comes before.
    Thread thread_;
};

}  // namespace millrace::client
