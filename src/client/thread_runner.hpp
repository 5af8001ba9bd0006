// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "millrace/client/kafka_streams.hpp"
#include "runtime/thread/stream_thread.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace millrace::client {

/// Runs one stream thread on a thread of the operating system, and replaces it if the handler
/// decides so. Thread-safe.
class ThreadRunner {
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
        kLeave,    ///< Commits and leaves the group.
        kStay,     ///< Commits; the group keeps its partitions until the session expires.
        kAbandon,  ///< Neither commits nor leaves.
    };

    ThreadRunner(std::string name, Hooks hooks, const Clock& clock);
    ~ThreadRunner();  ///< Joins the thread. Requires that stop() was called or the thread has
                      ///< ended.

    const std::string& name() const noexcept { return name_; }

    void start();

    /// Requests the end, once; a later kAbandon overrides the other modes.
    void stop(Ending ending, std::chrono::milliseconds timeout);
    bool ended() const { return ended_.load(std::memory_order_acquire); }

    /// Waits for the end after ended() or stop(). Must not be called from the thread itself.
    void join();
    bool is_current() const { return id_.load() == std::this_thread::get_id(); }

    runtime::ThreadState state() const;
    ThreadMetadata metadata() const;

    /// The current stream thread; null after it has ended.
    std::shared_ptr<runtime::StreamThread> stream_thread() const;

  private:
    void run();
    bool drive(runtime::StreamThread& thread);
    bool handle(runtime::StreamThread& thread, const std::exception& error);
    void put(std::shared_ptr<runtime::StreamThread> thread);

    std::string name_;
    Hooks hooks_;
    const Clock& clock_;
    std::atomic<bool> stop_{false};
    std::atomic<bool> abandon_{false};
    std::atomic<bool> leave_{true};
    std::atomic<std::chrono::milliseconds> timeout_{std::chrono::milliseconds{0}};
    std::atomic<bool> ended_{false};
    mutable std::mutex mutex_;
    std::condition_variable stopping_;
    std::shared_ptr<runtime::StreamThread> stream_thread_;
    std::atomic<std::thread::id> id_{};
    std::mutex joining_;
    std::thread thread_;
};

}  // namespace millrace::client
