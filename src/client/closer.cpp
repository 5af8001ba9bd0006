// SPDX-License-Identifier: Apache-2.0
#include "client/closer.hpp"

namespace millrace::client {

Closer::~Closer() {
    if (thread_.joinable()) {
        thread_.join();
    }
}

void Closer::start() {
    const std::scoped_lock lock(mutex_);
    if (!last_) {
        thread_ = std::thread([this] { run(); });
    }
}

void Closer::request(ClientState last) {
    bool threaded = false;
    {
        const std::scoped_lock lock(mutex_);
        if (last_) {
            return;
        }
        last_ = last;
        threaded = thread_.joinable();
    }
    changed_.notify_all();
    if (!threaded) {
        run();
    }
}

bool Closer::requested() const {
    const std::scoped_lock lock(mutex_);
    return last_.has_value();
}

bool Closer::wait(std::chrono::milliseconds timeout) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, [this] { return ended_; });
}

void Closer::run() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return last_.has_value(); });
    lock.unlock();
    end_(*last_);
    lock.lock();
    ended_ = true;
    lock.unlock();
    changed_.notify_all();
}

}  // namespace millrace::client
