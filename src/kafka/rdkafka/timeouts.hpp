// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>

namespace millrace::kafka {

/// A timeout for librdkafka. Never negative, which would mean no limit.
inline int to_rd_timeout(std::chrono::milliseconds timeout) noexcept {
    constexpr std::chrono::milliseconds::rep kDays = 1 << 30;
    return static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(timeout.count(), 0, kDays));
}

}  // namespace millrace::kafka
