// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/client/state_listener.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace millrace::client {

/// Performs the shutdown of a client. The thread that requests the shutdown may be one that must
/// end, so the closer has its own thread. Thread-safe.
class Closer {
  public:
    /// `end` shuts everything down and leaves the client in the given state. It is called once and
    /// must not throw.
    explicit Closer(std::function<void(ClientState last)> end) : end_(std::move(end)) {}
    ~Closer();  ///< Joins the thread. Requires that the shutdown was requested, or that start() was
                ///< not called.

    /// Starts the thread. Call it before starting anything that the shutdown must end.
    void start();

    /// Requests the shutdown; only the first request has an effect. Returns at once. Without
    /// start(), the shutdown runs in this call, because there is nothing to wait for.
    void request(ClientState last);

    bool requested() const;

    /// Waits for the end of the shutdown. Returns false on timeout. Must not be called from threads
    /// that the shutdown ends.
    bool wait(std::chrono::milliseconds timeout) const;

  private:
    void run();

    std::function<void(ClientState)> end_;
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::optional<ClientState> last_;
    bool ended_ = false;
    std::thread thread_;
};

}  // namespace millrace::client
