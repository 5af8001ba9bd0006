// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

namespace millrace::client {

/// Work that looks at something and acts on what it sees. Calls from several threads do it one at
/// a time, and none waits: a call that comes meanwhile has whoever is at it do it once more, so
/// that the last time sees what was before the last call.
///
/// Thread-safe.
class OneAtATime {
  public:
    /// `work` may call this again; it must not throw.
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
