// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

namespace millrace::client {

/// Runs work that reads a state and acts on it. Calls from several threads run one at a time, and
/// none waits: a call during a run makes the running thread run again, so that the last run
/// sees everything that happened before the last call.
///
/// Thread-safe.
class OneAtATime {
  public:
    /// `work` may call this again. It must not throw.
    template <class F>
    void run(F work) {
        if (calls_.fetch_add(1) > 0) {
            return;
        }
        int seen = 1;
        do {
            seen = calls_.load();
            work();
        } while (!calls_.compare_exchange_strong(seen, 0));
    }

  private:
    std::atomic<int> calls_{0};
};

}  // namespace millrace::client
