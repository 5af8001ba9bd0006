// SPDX-License-Identifier: Apache-2.0
#include "kafka/rdkafka/wake_fd.hpp"

#include "millrace/core/error.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>

namespace millrace::kafka {

WakeFd::WakeFd() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (fd_ < 0) {
        throw KafkaError(std::string("cannot create an eventfd for a consumer: ") +
                         std::strerror(errno));
    }
}

WakeFd::~WakeFd() {
    ::close(fd_);
}

void WakeFd::signal() noexcept {
    constexpr std::uint64_t kOne = 1;
    // Fails only if the counter is full, and then the reader is already awake.
    [[maybe_unused]] const auto written = ::write(fd_, &kOne, sizeof kOne);
}

bool WakeFd::take() noexcept {
    std::uint64_t count = 0;
    return ::read(fd_, &count, sizeof count) == static_cast<ssize_t>(sizeof count);
}

void WakeFd::wait(std::chrono::milliseconds timeout) noexcept {
    pollfd waited{.fd = fd_, .events = POLLIN, .revents = 0};
    const auto bounded = std::clamp<std::chrono::milliseconds::rep>(
        timeout.count(), 0, std::numeric_limits<int>::max());
    ::poll(&waited, 1, static_cast<int>(bounded));
}

}  // namespace millrace::kafka
