// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>

namespace millrace::testing::embedded {

/// How a client waits for something to happen on the cluster. Guarded by the cluster's mutex.
class Waiter {
  public:
    void notify() {
        notified_ = true;
        condition_.notify_all();
    }

    /// Forgets earlier notifications: what they announced is about to be looked at.
    void reset() noexcept { notified_ = false; }

    /// Waits until notified; at most that long. `Lock` is the cluster's.
    template <class Lock, class Duration>
    void wait(Lock& lock, Duration at_most) {
        condition_.wait_for(lock, at_most, [this] { return notified_; });
    }

  private:
    std::condition_variable condition_;
    bool notified_ = false;
};

}  // namespace millrace::testing::embedded
