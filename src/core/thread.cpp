// SPDX-License-Identifier: Apache-2.0
#include "core/thread.hpp"

#include "core/simulator.hpp"

#include <algorithm>
#include <utility>

namespace millrace {

void Thread::start(std::function<void()> run) {
    if (simulator != nullptr) {
        simulated_ = simulator->start(std::move(run));
    } else {
        thread_ = std::thread(std::move(run));
    }
}

void Thread::join() {
    if (simulated_ != nullptr) {
        simulator->join(simulated_);
    }
    if (thread_.joinable()) {
        thread_.join();
    }
}

void Thread::run_detached(std::function<void()> run) {
    if (simulator != nullptr) {
        simulator->start(std::move(run));
    } else {
        std::thread(std::move(run)).detach();
    }
}

const void* Thread::current() noexcept {
    return simulator != nullptr ? simulator->current() : &thread_locals;
}

int Thread::cores() noexcept {
    constexpr int kSimulated = 2;
    return simulator != nullptr
               ? kSimulated
               : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace millrace
