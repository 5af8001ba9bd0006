// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace millrace::kafka {

/// What a waiting consumer sleeps on: an eventfd that librdkafka's queues and wake_up() signal.
///
/// Threads: signal() from any; the rest from one.
class WakeFd {
  public:
    /// Errors: KafkaError when the process has no file descriptor left.
    WakeFd();
    ~WakeFd();
    WakeFd(const WakeFd&) = delete;
    WakeFd& operator=(const WakeFd&) = delete;

    int fd() const noexcept { return fd_; }
    void signal() noexcept;

    /// Takes back all signals so far; true if there were any. Never waits.
    bool take() noexcept;

    /// Waits for a signal, without taking it. May return early.
    void wait(std::chrono::milliseconds timeout) noexcept;

  private:
    int fd_;
};

}  // namespace millrace::kafka
