// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>

namespace millrace {

class Clock;
class Random;

/// Replaces threads, waiting, time and chance in a simulation: the threads of all clients take
/// turns on one thread of the operating system, and time advances only while all of them wait.
///
/// Threads: all functions are called on the thread that runs the simulation.
class Simulator {
  public:
    virtual ~Simulator() = default;

    virtual Clock& clock() = 0;
    virtual Random& random() = 0;

    /// Starts a simulated thread and returns its identity, which is never null.
    virtual const void* start(std::function<void()> run) = 0;

    /// Waits until that thread has ended.
    virtual void join(const void* thread) = 0;

    /// Identifies the simulated thread that runs. Null if the caller is not one.
    virtual const void* current() const = 0;

    /// Lets other threads run until notify(event), or until the time has passed.
    virtual void wait(const void* event, std::chrono::nanoseconds at_most) = 0;
    virtual void notify(const void* event) = 0;
};

/// The simulation that runs on this thread; null, except in a simulation.
inline constinit thread_local Simulator* simulator = nullptr;

}  // namespace millrace
