// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "assignment/partition_assignor.hpp"
#include "core/clock.hpp"
#include "core/rate_limited_log.hpp"
#include "runtime/thread/internal_topics.hpp"
#include "runtime/thread/task_registry.hpp"
#include "runtime/thread/thread_settings.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace millrace::runtime {

/// Decides when a stream thread looks at the topics that its topology needs, and how often an error
/// must be seen before it ends the thread.
///
/// Not thread-safe: owned by its stream thread.
class TopicChecks {
  public:
    /// All must outlive the checks.
    struct Parts {
        const ThreadSettings* settings = nullptr;
        InternalTopics* internal_topics = nullptr;
        const assignment::PartitionAssignor* assignor = nullptr;
        const TaskRegistry* tasks = nullptr;
        const Clock* clock = nullptr;
        RateLimitedLog* log = nullptr;
    };

    explicit TopicChecks(const Parts& parts) : parts_(parts) {}

    /// Before the thread joins its group: whether all topics are there. False: try again after
    /// wait(). Throws what InternalTopics::prepare throws.
    bool ready_to_join();

    /// How long to wait before ready_to_join() asks again; 0: not at all.
    std::chrono::milliseconds wait() const;

    /// In the group: looks at the topics after each rebalance, after doubt(), and from time to time
    /// while tasks cannot run. Throws what InternalTopics::prepare throws once it has done so
    /// several times in a row.
    void check();

    /// A topic may be missing: the next check() looks.
    void doubt() noexcept { in_doubt_ = true; }

  private:
    bool due() const;
    void try_again(const std::string& why, const std::string& reason);

    Parts parts_;
    std::uint64_t round_checked_ = 0;  // Of the group.
    bool in_doubt_ = false;
    int errors_ = 0;  // Since the topics were right.
    // Of Clock::monotonic().
    std::chrono::nanoseconds checked_{0};
    std::optional<std::chrono::nanoseconds> next_attempt_;
};

}  // namespace millrace::runtime
