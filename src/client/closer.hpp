// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/driver.hpp"
#include "core/clock.hpp"
#include "core/driven.hpp"
#include "core/thread_annotations.hpp"
#include "core/turn_condition.hpp"
#include "millrace/client/state_listener.hpp"

#include <chrono>
#include <functional>
#include <optional>

namespace millrace::client {

/// Performs the shutdown of a client. The thread that requests the shutdown may be one that must
/// end, so the closer has its own thread. Thread-safe.
class Closer final : private Driven {
  public:
    /// `end` shuts everything down and leaves the client in the given state. It is called once and
    /// must not throw.
    Closer(std::function<void(ClientState last)> end, const Clock& clock);
    ~Closer() override;  ///< Joins the thread. Requires that the shutdown was requested, or that
                         ///< start() was not called.

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
    // Driven
    std::chrono::milliseconds run_once(Timestamp now) override;
    void wake_up() override {}

    void end(ClientState last);

    std::function<void(ClientState)> end_;
    mutable Mutex mutex_;
    mutable TurnCondition changed_;
    std::optional<ClientState> last_ MILLRACE_GUARDED_BY(mutex_);
    bool started_ MILLRACE_GUARDED_BY(mutex_) = false;
    bool ended_ MILLRACE_GUARDED_BY(mutex_) = false;
    Driver driver_;  // The last member: its thread uses the others.
};

}  // namespace millrace::client
