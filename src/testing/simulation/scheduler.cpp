// SPDX-License-Identifier: Apache-2.0
#include "testing/simulation/scheduler.hpp"

#include "core/check.hpp"
#include "millrace/core/error.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace millrace::testing::simulated {

namespace {

/// A turn takes at least this time, so that threads that never wait do not stop it.
constexpr std::chrono::microseconds kTurn{1};

constexpr std::chrono::hours kLongest{24};

}  // namespace

Scheduler::Scheduler(std::uint64_t seed, Timestamp start)
    : clock_(start), random_(seed), choices_(random_.next()) {
    MILLRACE_CHECK(simulator == nullptr);
    simulator = this;
}

Scheduler::~Scheduler() {
    simulator = nullptr;
}

void Scheduler::run(std::function<void()> main, std::chrono::nanoseconds at_most) {
    std::exception_ptr error;
    start_in(-1, [&] {
        try {
            main();
        } catch (...) {
            error = std::current_exception();
        }
    });
    while (!threads_.empty()) {
        Thread* const thread = next();
        if (thread == nullptr) {
            leak_threads();
            throw InternalError("the simulation cannot continue: all threads wait for each other");
        }
        if (clock_.passed() > at_most) {
            leak_threads();
            throw InternalError(
                "the simulation cannot continue: threads are running after the longest time");
        }
        take_turn(*thread);
        if (error != nullptr) {
            leak_threads();
            std::rethrow_exception(error);
        }
    }
}

/// The stacks of the other threads are not unwound: their objects stay.
void Scheduler::leak_threads() {
    for (auto& thread : threads_) {
        static_cast<void>(thread->fiber.release());
    }
    threads_.clear();
}

bool Scheduler::can_run(const Thread& thread) const {
    return frozen_.empty() || !frozen_.contains(thread.process);
}

/// A random one of those that can run. If none can, time advances to when one can.
Scheduler::Thread* Scheduler::next() {
    ready_.clear();
    auto earliest = std::chrono::nanoseconds::max();
    for (const auto& thread : threads_) {
        if (!can_run(*thread)) {
            continue;
        }
        if (thread->notified || thread->due <= clock_.passed()) {
            ready_.push_back(thread.get());
        }
        earliest = std::min(earliest, thread->due);
    }
    if (ready_.empty()) {
        if (earliest == std::chrono::nanoseconds::max()) {
            return nullptr;
        }
        clock_.advance_to(earliest);
        return next();
    }
    return ready_[choices_.below(ready_.size())];
}

void Scheduler::take_turn(Thread& thread) {
    thread.notified = false;
    thread.event = nullptr;
    running_ = &thread;
    thread.fiber->resume();
    running_ = nullptr;
    clock_.advance_to(clock_.passed() + kTurn);
    if (thread.fiber->ended()) {
        notify(thread.id);
        std::erase_if(threads_, [&](const auto& each) { return each.get() == &thread; });
    }
}

const void* Scheduler::start_in(Process process, std::function<void()> run) {
    auto thread = std::make_unique<Thread>();
    thread->fiber = std::make_unique<Fiber>(std::move(run));
    thread->process = process;
    thread->id = &ids_.emplace_back();
    threads_.push_back(std::move(thread));
    return threads_.back()->id;
}

const void* Scheduler::start(std::function<void()> run) {
    return start_in(process(), std::move(run));
}

void Scheduler::join(const void* thread) {
    const auto alive = [&] {
        return std::any_of(threads_.begin(), threads_.end(),
                           [&](const auto& each) { return each->id == thread; });
    };
    while (alive()) {
        wait(thread, kLongest);
    }
}

void Scheduler::wait(const void* event, std::chrono::nanoseconds at_most) {
    MILLRACE_CHECK(running_ != nullptr);
    Thread& self = *running_;
    self.event = event;
    self.due = clock_.passed() + std::min<std::chrono::nanoseconds>(at_most, kLongest);
    self.fiber->suspend();
}

void Scheduler::notify(const void* event) {
    for (const auto& thread : threads_) {
        if (thread->event == event) {
            thread->notified = true;
        }
    }
}

}  // namespace millrace::testing::simulated
