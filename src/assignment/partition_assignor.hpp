// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "assignment/assignor_options.hpp"
#include "assignment/subscription_info.hpp"
#include "assignment/task_map.hpp"
#include "core/thread_annotations.hpp"
#include "kafka/group.hpp"
#include "topology/sub_topologies.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::assignment {

/// Assigns whole tasks (task_assignment.hpp): all input partitions of a task go to the same member.
/// The new owner of a moved task gets no partition of it before the former owner has revoked all.
/// One object per stream thread.
///
/// Thread-safe: the Kafka client calls it from its threads, the stream thread from its own.
class PartitionAssignor final : public kafka::GroupAssignor {
  public:
    /// The lags of the tasks whose state the process has, when the member joins. Called by the
    /// client's threads: must not wait.
    using Lags = std::function<TaskLags()>;

    /// `application` must outlive the assignor. Without `lags`, the process has no state.
    PartitionAssignor(const topology::ApplicationTopology& application, std::string process_id,
                      std::string thread_name, AssignorOptions options = {}, Lags lags = {});

    /// The tasks that this thread runs or restores, and those that it keeps up to date, for the
    /// next rebalance.
    void set_tasks(std::vector<TaskId> active, std::vector<TaskId> standby);

    /// The next rebalance requests a shutdown of all members.
    void request_application_shutdown();

    /// Why this member must stop, as decided by the leader or because its assignment could not be
    /// read. Empty: continue.
    struct Stop {
        StopReason reason = StopReason::kNone;
        std::string message;
    };
    Stop stop() const;

    /// The partitions of the last assignment, sorted. Empty before the first assignment.
    std::optional<std::vector<TopicPartition>> assigned() const;

    /// The tasks of the last assignment whose state this member keeps up to date without running
    /// them, sorted: standbys, warm-ups, and tasks that it will run when another process has
    /// released them. No partition of them is assigned to it.
    std::vector<TaskId> standby() const;

    /// How many rebalances have completed on this member.
    std::uint64_t rounds() const;

    /// When this member must rejoin the group, even if nothing happens.
    struct Rejoin {
        std::uint64_t round = 0;                           ///< After this rebalance, ...
        std::optional<std::chrono::milliseconds> after{};  ///< ... so much later. Empty: never.

        /// Or as soon as the state of all of these is at most so far behind, if there are any.
        std::vector<TaskId> awaited{};
        TaskLag acceptable_lag = 0;
    };
    Rejoin rejoin() const;

    std::string name() const override { return "millrace"; }
    Bytes subscription_user_data() override;
    std::map<std::string, kafka::MemberAssignment> assign(
        const std::vector<kafka::GroupMember>& members,
        const kafka::PartitionCounts& topics) override;
    void on_assignment(const std::vector<TopicPartition>& partitions, BytesView user_data) override;

  private:
    Stop accept(const AssignmentInfo& info) MILLRACE_REQUIRES(mutex_);

    const topology::ApplicationTopology& application_;
    const AssignorOptions options_;
    const Lags lags_;
    mutable Mutex mutex_;
    SubscriptionInfo info_ MILLRACE_GUARDED_BY(mutex_);
    std::uint16_t written_version_ MILLRACE_GUARDED_BY(mutex_) = kFormatVersion;
    Stop stop_ MILLRACE_GUARDED_BY(mutex_);
    std::vector<TaskId> standby_ MILLRACE_GUARDED_BY(mutex_);
    Rejoin rejoin_ MILLRACE_GUARDED_BY(mutex_);
    std::uint64_t rounds_ MILLRACE_GUARDED_BY(mutex_) = 0;
    std::optional<std::vector<TopicPartition>> assigned_ MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace::assignment
