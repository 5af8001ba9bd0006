// SPDX-License-Identifier: Apache-2.0
#include "client/thread_runner.hpp"

#include "core/log.hpp"

#include <stdexcept>
#include <utility>

namespace millrace::client {

namespace {

/// The pause before a thread is replaced, so that a permanent failure does not cause a busy loop.
constexpr std::chrono::milliseconds kBeforeReplacement{100};
constexpr std::chrono::seconds kAnnouncement{10};

runtime::Leaving leaving(ThreadRunner::Ending ending) {
    switch (ending) {
        case ThreadRunner::Ending::kLeaveAlways:
            return runtime::Leaving::kAlways;
        case ThreadRunner::Ending::kStay:
        case ThreadRunner::Ending::kAbandon:
            return runtime::Leaving::kNever;
        case ThreadRunner::Ending::kClose:
            break;
    }
    return runtime::Leaving::kUnlessStatic;
}

}  // namespace

ThreadRunner::ThreadRunner(std::string name, Hooks hooks, const Clock& clock)
    : name_(std::move(name)),
      hooks_(std::move(hooks)),
      driver_({this},
              {.on_error = [this](const std::exception& error) { not_replaced(error); },
               .on_end = [this] { end(); },
               .client = hooks_.client},
              clock) {
    put(hooks_.make());
}

ThreadRunner::~ThreadRunner() = default;

void ThreadRunner::stop(Ending ending, std::chrono::milliseconds timeout) {
    if (ending == Ending::kAbandon) {
        abandon_.store(true);
    }
    ending_.store(ending);
    timeout_.store(timeout);
    stopping_.store(true, std::memory_order_release);
    driver_.stop();
    if (const auto thread = stream_thread()) {
        thread->request_stop();
    }
}

std::shared_ptr<runtime::StreamThread> ThreadRunner::stream_thread() const {
    const MutexLock lock(mutex_);
    return stream_thread_;
}

void ThreadRunner::put(std::shared_ptr<runtime::StreamThread> thread) {
    {
        const MutexLock lock(mutex_);
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

void ThreadRunner::wake_up() {
    if (const auto thread = stream_thread()) {
        thread->wake_up();
    }
}

std::chrono::milliseconds ThreadRunner::run_once(Timestamp now) {
    if (std::exchange(replace_, false)) {
        put(hooks_.make());
    }
    const auto thread = stream_thread();
    try {
        return thread->run_once(now);
    } catch (const std::exception& error) {
        return handle(*thread, error);
    } catch (...) {
        return handle(*thread, std::runtime_error("exception not derived from std::exception"));
    }
}

/// Returns how long to wait before the replacement.
std::chrono::milliseconds ThreadRunner::handle(runtime::StreamThread& thread,
                                               const std::exception& error) {
    log::error(name_ + ": ends because of an error: " + error.what());
    const UncaughtDecision decision = hooks_.decide(error);
    if (decision == UncaughtDecision::kShutDownApplication) {
        thread.announce_application_shutdown(kAnnouncement);
    }
    thread.end_after_error();
    if (decision == UncaughtDecision::kReplaceThread) {
        log::warn(name_ + ": is replaced, as the uncaught-exception handler decided");
        replace_ = true;
        return kBeforeReplacement;
    }
    driver_.stop();
    hooks_.on_fatal();
    return std::chrono::milliseconds{0};
}

void ThreadRunner::not_replaced(const std::exception& error) {
    log::error(name_ + ": cannot be replaced: " + error.what());
    hooks_.on_fatal();
}

/// On the driver's thread, after the last turn. The stream thread may be dead already.
void ThreadRunner::end() {
    if (const auto thread = stream_thread(); abandon_.load()) {
        thread->abandon();
    } else {
        thread->close(timeout_.load(), leaving(ending_.load()));
    }
    put(nullptr);
    ended_.store(true, std::memory_order_release);
    hooks_.on_end();
}

}  // namespace millrace::client
