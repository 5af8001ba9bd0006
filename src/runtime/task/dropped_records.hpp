// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "metrics/registry.hpp"
#include "millrace/core/time.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace millrace::runtime {

/// The dropped records of a task: counts them, and logs the first one and then one every ten
/// seconds. Not thread-safe.
class DroppedRecords {
  public:
    /// `task` for the log: "task 0_3". `counter` may be null.
    DroppedRecords(std::string task, std::shared_ptr<metrics::Counter> counter);

    /// A record that something else has logged.
    void add();

    /// A record that `where`, a node or a store, has dropped at `now`.
    void add(std::string_view where, std::string_view reason, Timestamp now);

    std::uint64_t count() const noexcept { return count_; }

  private:
    std::string task_;
    std::shared_ptr<metrics::Counter> counter_;
    std::uint64_t count_ = 0;
    Timestamp logged_ = kNoTimestamp;  // When the last one was logged.
};

}  // namespace millrace::runtime
