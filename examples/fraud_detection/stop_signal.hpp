// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <csignal>
#include <ctime>

#include <pthread.h>

namespace fraud {

/// Lets the main thread wait for SIGINT or SIGTERM instead of being interrupted. Create it before
/// any other thread, so that all threads inherit the blocked signals.
class StopSignal {
  public:
    StopSignal() {
        sigemptyset(&signals_);
        sigaddset(&signals_, SIGINT);
        sigaddset(&signals_, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    }

    /// True after a signal; waits for one up to `timeout`. Main thread only.
    bool wait_for(std::chrono::milliseconds timeout) {
        if (!received_) {
            const std::timespec wait{static_cast<std::time_t>(timeout.count() / 1000),
                                     static_cast<long>(timeout.count() % 1000 * 1'000'000)};
            received_ = sigtimedwait(&signals_, nullptr, &wait) > 0;
        }
        return received_;
    }

  private:
    sigset_t signals_{};
    bool received_ = false;
};

}  // namespace fraud
