// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/driver.hpp"
#include "core/clock.hpp"
#include "core/driven.hpp"
#include "core/thread_annotations.hpp"
#include "millrace/client/kafka_streams.hpp"
#include "runtime/thread/stream_thread.hpp"

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <string>

namespace millrace::client {

/// Runs one stream thread, and creates a replacement if the uncaught-exception handler decides so.
/// Thread-safe.
class ThreadRunner final : private Driven {
  public:
    struct Hooks {
        /// Creates the stream thread, or its replacement.
        std::function<std::unique_ptr<runtime::StreamThread>()> make{};

        /// The decision of the uncaught-exception handler. Must not throw.
        std::function<UncaughtDecision(const std::exception&)> decide{};

        /// The client must stop with an error. Called after the stream thread has ended.
        std::function<void()> on_fatal{};

        /// The last call.
        std::function<void()> on_end{};

        const void* client = nullptr;  ///< The client of the thread, see InsideClient.
    };

    /// How the thread ends after stop().
    enum class Ending {
        kClose,        ///< Commits; leaves the group unless it is a static member.
        kLeaveAlways,  ///< Commits and leaves the group.
        kStay,         ///< Commits; the group keeps its partitions until the session expires.
        kAbandon,      ///< Neither commits nor leaves.
    };

    ThreadRunner(std::string name, Hooks hooks, const Clock& clock);
    ~ThreadRunner() override;  ///< Joins the thread. Requires that stop() was called or the thread
                               ///< has ended.

    const std::string& name() const noexcept { return name_; }

    void start() { driver_.start(); }

    /// Requests the end, once; a later kAbandon overrides the other modes.
    void stop(Ending ending, std::chrono::milliseconds timeout);
    bool stopping() const { return stopping_.load(std::memory_order_acquire); }
    bool ended() const { return ended_.load(std::memory_order_acquire); }

    /// Waits for the end after ended() or stop(). Must not be called from the thread itself.
    void join() { driver_.join(); }
    bool is_current() const { return driver_.is_current(); }

    runtime::ThreadState state() const;
    ThreadMetadata metadata() const;

    /// The current stream thread; null after it has ended.
    std::shared_ptr<runtime::StreamThread> stream_thread() const;

  private:
    // Driven
    std::chrono::milliseconds run_once(Timestamp now) override;
    void wake_up() override;

    std::chrono::milliseconds handle(runtime::StreamThread& thread, const std::exception& error);
    void not_replaced(const std::exception& error);
    void end();
    void put(std::shared_ptr<runtime::StreamThread> thread);

    std::string name_;
    Hooks hooks_;
    bool replace_ = false;  // The stream thread has failed. Used by the driver's thread.
    std::atomic<bool> stopping_{false};
    std::atomic<bool> abandon_{false};
    std::atomic<Ending> ending_{Ending::kClose};
    std::atomic<std::chrono::milliseconds> timeout_{std::chrono::milliseconds{0}};
    std::atomic<bool> ended_{false};
    mutable Mutex mutex_;
    std::shared_ptr<runtime::StreamThread> stream_thread_ MILLRACE_GUARDED_BY(mutex_);
    Driver driver_;  // The last member: its thread uses the others.
};

}  // namespace millrace::client
