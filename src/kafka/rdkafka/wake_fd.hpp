// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace millrace::kafka {

/// An eventfd on which a consumer waits. librdkafka's queues and wake_up() signal it.
///
/// Threads: signal() from any thread; the other functions from one thread.
class WakeFd {
  public:
    /// Errors: KafkaError if the process has no free file descriptor.
    WakeFd();
    ~WakeFd();
    WakeFd(const WakeFd&) = delete;
    WakeFd& operator=(const WakeFd&) = delete;

    int fd() const noexcept { return fd_; }
    void signal() noexcept;

    /// Clears all signals; true if there were any. Never waits.
    bool take() noexcept;

    /// Waits for a signal without clearing it. May return early.
    void wait(std::chrono::milliseconds timeout) noexcept;

  private:
    int fd_;
};

}  // namespace millrace::kafka
