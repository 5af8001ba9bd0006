// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "millrace/core/topic_partition.hpp"

#include <chrono>
#include <map>
#include <string>

namespace millrace::restore {

/// Logs the open transactions that block restores: each one when it is first detected, then every
/// minute with the elapsed time, even if its task starts to restore again.
///
/// Not thread-safe.
class OpenTransactions {
  public:
    static constexpr std::chrono::seconds kInterval{60};

    /// `clock` must outlive this.
    explicit OpenTransactions(const Clock& clock) : clock_(&clock) {}

    /// Reports that the restore of `store` up to offset `end` of `changelog` is blocked at `first`.
    void blocked(const std::string& store, const TopicPartition& changelog, Offset first,
                 Offset end);

    void ended(const TopicPartition& changelog) { seen_.erase(changelog); }

  private:
    struct Seen {
        Offset first = 0;
        std::chrono::nanoseconds since{0};  // Of Clock::monotonic(), like the next one.
        std::chrono::nanoseconds logged{0};
    };

    const Clock* clock_;
    std::map<TopicPartition, Seen> seen_;
};

}  // namespace millrace::restore
