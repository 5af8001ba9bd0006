// SPDX-License-Identifier: Apache-2.0
#include "client/thread_runner.hpp"

#include "client/inside_client.hpp"
#include "core/log.hpp"

#include <stdexcept>
#include <utility>

namespace millrace::client {

namespace {

/// The pause before a thread is replaced, so that a permanent failure does not cause a busy loop.
constexpr std::chrono::milliseconds kBeforeReplacement{100};
constexpr std::chrono::seconds kAnnouncement{10};

}  // namespace

ThreadRunner::ThreadRunner(std::string name, Hooks hooks, const Clock& clock)
    : name_(std::move(name)), hooks_(std::move(hooks)), clock_(clock) {
    put(hooks_.make());
}

ThreadRunner::~ThreadRunner() {
    join();
}

void ThreadRunner::start() {
    thread_ = std::thread([this] { run(); });
}

void ThreadRunner::join() {
    const std::scoped_lock lock(joining_);
    if (thread_.joinable()) {
        thread_.join();
    }
}

void ThreadRunner::stop(Ending ending, std::chrono::milliseconds timeout) {
    if (ending == Ending::kAbandon) {
        abandon_.store(true);
    }
    leave_.store(ending == Ending::kLeave);
    timeout_.store(timeout);
    {
        const std::scoped_lock lock(mutex_);
        stop_.store(true);
    }
    stopping_.notify_all();
    if (const auto thread = stream_thread()) {
        thread->request_stop();
    }
}

std::shared_ptr<runtime::StreamThread> ThreadRunner::stream_thread() const {
    const std::scoped_lock lock(mutex_);
    return stream_thread_;
}

void ThreadRunner::put(std::shared_ptr<runtime::StreamThread> thread) {
    {
        const std::scoped_lock lock(mutex_);
        stream_thread_.swap(thread);
    }
    // The old one ends here, outside of the lock.
}

runtime::ThreadState ThreadRunner::state() const {
    const auto thread = stream_thread();
    return thread == nullptr ? runtime::ThreadState::kDead : thread->state();
}

ThreadMetadata ThreadRunner::metadata() const {
    const auto thread = stream_thread();
    return thread == nullptr
               ? ThreadMetadata{.name = name_,
                                .state = std::string(to_string(runtime::ThreadState::kDead))}
               : thread->metadata();
}

void ThreadRunner::run() {
    const InsideClient inside(hooks_.client);
    id_.store(std::this_thread::get_id());
    try {
        while (drive(*stream_thread())) {
            std::unique_lock lock(mutex_);
            if (stopping_.wait_for(lock, kBeforeReplacement, [this] { return stop_.load(); })) {
                break;
            }
            lock.unlock();
            put(hooks_.make());
        }
    } catch (const std::exception& error) {
        log::error(name_ + ": cannot be replaced: " + error.what());
        hooks_.on_fatal();
    } catch (...) {
        log::error(name_ + ": cannot be replaced: exception not derived from std::exception");
        hooks_.on_fatal();
    }
    put(nullptr);
    ended_.store(true, std::memory_order_release);
    hooks_.on_end();
}

/// Runs until the end. True if a new stream thread is required.
bool ThreadRunner::drive(runtime::StreamThread& thread) {
    try {
        while (!stop_.load(std::memory_order_relaxed)) {
            thread.run_once(clock_.now());
        }
    } catch (const std::exception& error) {
        return handle(thread, error);
    } catch (...) {
        return handle(thread, std::runtime_error("exception not derived from std::exception"));
    }
    if (abandon_.load()) {
        thread.abandon();
    } else {
        thread.close(timeout_.load(), leave_.load());
    }
    return false;
}

bool ThreadRunner::handle(runtime::StreamThread& thread, const std::exception& error) {
    log::error(name_ + ": ends because of an error: " + error.what());
    const UncaughtDecision decision = hooks_.decide(error);
    if (decision == UncaughtDecision::kShutDownApplication) {
        thread.announce_application_shutdown(kAnnouncement);
    }
    thread.abandon();
    if (decision == UncaughtDecision::kReplaceThread) {
        log::warn(name_ + ": replaced, as decided by the uncaught-exception handler");
        return true;
    }
    hooks_.on_fatal();
    return false;
}

}  // namespace millrace::client
