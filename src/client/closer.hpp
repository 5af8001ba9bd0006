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

/// The one owner of a client's end. Whoever asks for the end may be a thread that has to end for
/// it, so that the work is done by a thread of the closer's own. Thread-safe.
class Closer {
  public:
    /// `end` ends everything and leaves the client in the state given. Called once; must not throw.
    explicit Closer(std::function<void(ClientState last)> end) : end_(std::move(end)) {}
    ~Closer();  ///< Joins: requires that the end was requested, or that start() was not called.

    /// Makes the thread. Before anything is started that a thread must end.
    void start();

    /// Asks for the end; only the first request counts. Returns at once. Without start() the end is
    /// made here and now, as nothing has to be waited for.
    void request(ClientState last);

    bool requested() const;

    /// Waits until the end has been made. False: not within `timeout`. Not for threads that must
    /// end.
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
