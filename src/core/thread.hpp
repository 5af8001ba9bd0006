// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <thread>

namespace millrace {

/// A thread of the operating system, or of the simulation in which it is started.
///
/// Threads: start() and join() are called one at a time.
class Thread {
  public:
    Thread() = default;
    Thread(const Thread&) = delete;
    Thread& operator=(const Thread&) = delete;
    ~Thread() = default;  ///< Requires that it was joined or not started.

    /// Throws std::system_error if no thread can be created.
    void start(std::function<void()> run);

    /// Waits for the end of the thread. Without effect if it was not started.
    void join();

    /// Starts a thread that nothing waits for.
    static void run_detached(std::function<void()> run);

    /// Identifies the calling thread among those that run. Never null, except outside of all
    /// threads of a simulation.
    static const void* current() noexcept;

    /// How many threads the machine can run at the same time, at least one; 2 in a simulation,
    /// which must not depend on the machine.
    static int cores() noexcept;

  private:
    std::thread thread_;
    const void* simulated_ = nullptr;
};

/// Variables of each thread. A simulation switches them with its threads.
struct ThreadLocals {
    const void* inside_client = nullptr;  ///< See client/inside_client.hpp.
};
inline constinit thread_local ThreadLocals thread_locals{};

}  // namespace millrace
