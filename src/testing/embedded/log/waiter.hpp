// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/simulator.hpp"

#include <condition_variable>

namespace millrace::testing::embedded {

/// Lets a client wait for an event of the cluster. Guarded by the cluster's mutex.
class Waiter {
  public:
    void notify() {
        notified_ = true;
        condition_.notify_all();
        if (simulator != nullptr) {
            simulator->notify(this);
        }
    }

    /// Clears earlier notifications: call it before checking the condition.
    void reset() noexcept { notified_ = false; }

    /// Waits until notified, or until the timeout; may return early. `Lock` is the cluster's.
    template <class Lock, class Duration>
    void wait(Lock& lock, Duration at_most) {
        if (simulator == nullptr) {
            condition_.wait_for(lock, at_most, [this] { return notified_; });
        } else if (!notified_) {
            lock.unlock();
            simulator->wait(this, at_most);
            lock.lock();
        }
    }

  private:
    std::condition_variable condition_;
    bool notified_ = false;
};

}  // namespace millrace::testing::embedded
