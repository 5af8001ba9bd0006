// SPDX-License-Identifier: Apache-2.0
#include "client/closer.hpp"

#include <utility>

namespace millrace::client {

Closer::Closer(std::function<void(ClientState last)> end, const Clock& clock)
    : end_(std::move(end)), driver_({this}, {}, clock) {}

Closer::~Closer() = default;

void Closer::start() {
    const MutexLock lock(mutex_);
    if (!last_) {
        driver_.start();
        started_ = true;
    }
}

void Closer::request(ClientState last) {
    bool started = false;
    {
        const MutexLock lock(mutex_);
        if (last_) {
            return;
        }
        last_ = last;
        started = started_;
    }
    if (started) {
        driver_.wake_up();
    } else {
        end(last);
    }
}

bool Closer::requested() const {
    const MutexLock lock(mutex_);
    return last_.has_value();
}

bool Closer::wait(std::chrono::milliseconds timeout) const {
    MutexLock lock(mutex_);
    return changed_.wait_for(lock, timeout, [this]() MILLRACE_REQUIRES(mutex_) { return ended_; });
}

std::chrono::milliseconds Closer::run_once(Timestamp) {
    std::optional<ClientState> last;
    {
        const MutexLock lock(mutex_);
        last = last_;
    }
    if (last) {
        driver_.stop();
        end(*last);
    }
    return kUntilWoken;
}

void Closer::end(ClientState last) {
    end_(last);
    {
        const MutexLock lock(mutex_);
        ended_ = true;
    }
    changed_.notify_all();
}

}  // namespace millrace::client
