// SPDX-License-Identifier: Apache-2.0
#include "client/driver.hpp"

#include "client/inside_client.hpp"
#include "core/simulator.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace millrace::client {

Driver::Driver(std::vector<Driven*> objects, Hooks hooks, const Clock& clock)
    : objects_(std::move(objects)), hooks_(std::move(hooks)), clock_(clock) {}

Driver::~Driver() {
    join();
}

void Driver::start() {
    thread_.start([this] { run(); });
}

void Driver::stop() {
    {
        const MutexLock lock(mutex_);
        stop_.store(true);
    }
    wake_up();
}

void Driver::wake_up() {
    {
        const MutexLock lock(mutex_);
        woken_ = true;
    }
    changed_.notify_all();
    for (Driven* object : objects_) {
        object->wake_up();
    }
}

void Driver::join() {
    if (simulator != nullptr) {  // A thread that waits must not hold a mutex.
        thread_.join();
        return;
    }
    const MutexLock lock(joining_);
    thread_.join();
}

void Driver::run() {
    const InsideClient inside(hooks_.client);
    id_.store(Thread::current());
    try {
        take_turns();
    } catch (const std::exception& error) {
        hooks_.on_error(error);
    } catch (...) {
        hooks_.on_error(std::runtime_error("exception not derived from std::exception"));
    }
    if (hooks_.on_end) {
        hooks_.on_end();
    }
}

void Driver::take_turns() {
    while (!stop_.load(std::memory_order_relaxed)) {
        std::chrono::milliseconds time = Driven::kUntilWoken;
        for (Driven* object : objects_) {
            time = std::min(time, object->run_once(clock_.now()));
        }
        wait(time);
    }
}

void Driver::wait(std::chrono::milliseconds time) {
    if (time <= std::chrono::milliseconds{0}) {
        if (simulator != nullptr) {  // Other threads get their turn.
            simulator->wait(this, std::chrono::nanoseconds{0});
        }
        return;
    }
    MutexLock lock(mutex_);
    const auto due = [this]() MILLRACE_REQUIRES(mutex_) { return woken_ || stop_.load(); };
    if (time == Driven::kUntilWoken) {
        changed_.wait(lock, due);
    } else {
        changed_.wait_for(lock, time, due);
    }
    woken_ = false;
}

}  // namespace millrace::client
