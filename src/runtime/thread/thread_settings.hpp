// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "assignment/assignor_options.hpp"

#include <chrono>
#include <cstddef>
#include <string>

namespace millrace::runtime {

/// Settings of one stream thread.
struct ThreadSettings {
    std::string name{};  ///< "<client.id>-StreamThread-1"
    std::string process_id{};
    std::chrono::milliseconds poll{100};
    std::chrono::milliseconds commit_interval{30'000};
    std::chrono::milliseconds task_timeout{300'000};
    std::chrono::milliseconds request_timeout{10'000};  ///< The timeout of one request.
    std::chrono::milliseconds metadata_max_age{300'000};
    std::chrono::milliseconds log_summary_interval{120'000};  ///< 0: never.
    std::size_t uncommitted_bytes_max = 64 << 20;             ///< Of this thread; 0: no limit.
    std::size_t process_batch = 1000;  ///< How many records of a task to process in one run.
    assignment::AssignorOptions assignment{};
};

}  // namespace millrace::runtime
