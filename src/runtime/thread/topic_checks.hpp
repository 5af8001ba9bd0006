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

/// Decides when a stream thread checks the topics that its topology needs, and how often an error
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

    /// Before the thread joins its group: whether all topics exist. False: retry after wait().
    /// Throws the exceptions of InternalTopics::prepare.
    bool ready_to_join();

    /// How long to wait before the next ready_to_join(); 0: not at all.
    std::chrono::milliseconds wait() const;

    /// In the group: checks the topics after each rebalance, after doubt(), and periodically while
    /// tasks cannot run. Throws the exception of InternalTopics::prepare after several consecutive
    /// failures.
    void check();

    /// A topic may be missing: the next check() checks the topics.
    void doubt() noexcept { in_doubt_ = true; }

  private:
    bool due() const;
    void try_again(const std::string& why, const std::string& reason);

    Parts parts_;
    std::uint64_t round_checked_ = 0;  // Of the group.
    bool in_doubt_ = false;
    int errors_ = 0;  // Since the topics were correct.
    // Of Clock::monotonic().
    std::chrono::nanoseconds checked_{0};
    std::optional<std::chrono::nanoseconds> next_attempt_;
};

}  // namespace millrace::runtime
