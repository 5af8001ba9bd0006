// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "assignment/assignor_options.hpp"
#include "assignment/cluster.hpp"
#include "assignment/departed_members.hpp"
#include "assignment/partition_racks.hpp"
#include "assignment/subscription_info.hpp"
#include "assignment/task_map.hpp"
#include "core/thread_annotations.hpp"
#include "kafka/group.hpp"
#include "topology/sub_topologies.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::assignment {

class GroupView;

/// Assigns whole tasks (task_assignment.hpp): all input partitions of a task go to the same member.
/// The new owner of a moved task gets no partition of it before the former owner has revoked all.
/// One object per stream thread.
///
/// Thread-safe: the Kafka client calls it from its threads, the stream thread from its own.
class PartitionAssignor final : public kafka::GroupAssignor {
  public:
    /// Returns the lags and sizes of the tasks whose state the process has. The Kafka client calls
    /// it on one of its own threads when the member joins. It must not block.
    using State = std::function<StateReport()>;

    /// `application` and `racks` must outlive the assignor. Without `state`, the process has no
    /// state; without `racks`, there is no rack strategy.
    PartitionAssignor(const topology::ApplicationTopology& application, std::string process_id,
                      std::string thread_name, AssignorOptions options = {}, State state = {},
                      const PartitionRacks* racks = nullptr);

    /// Sets the tasks that the member reports in the next rebalance: those that it runs or
    /// restores, and its standbys.
    void set_tasks(std::vector<TaskId> active, std::vector<TaskId> standby);

    /// Sets the transactional ids of the thread's producers; none by default. Call it before the
    /// member joins.
    void set_transactional_ids(std::vector<std::string> ids);

    /// The transactional ids of members that have left the group, as of the last assignment.
    std::vector<std::string> departed() const;

    /// Whether the member has sent a request to join the group and has no assignment since then.
    bool joining() const noexcept { return joining_.load(std::memory_order_acquire); }

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

    /// The standbys of the last assignment, sorted: standby replicas, warm-ups, and tasks that the
    /// member will run after another process has released them. The member owns no input partition
    /// of them.
    std::vector<TaskId> standby() const;

    /// How many rebalances have completed on this member.
    std::uint64_t rounds() const;

    /// When this member must trigger a rebalance.
    struct Rejoin {
        std::uint64_t round = 0;  ///< The rebalance that requested it.
        std::optional<std::chrono::milliseconds>
            after{};  ///< Delay after that rebalance. Empty: none.

        /// If not empty, the member also rejoins when the lag of each of these tasks is at most
        /// acceptable_lag.
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
    bool find_traffic(Cluster& cluster, const TaskMap& map) const;
    struct TransactionalIds {
        std::vector<std::string> departed;
        std::vector<std::string> leader;
    };
    TransactionalIds find_departed(const GroupView& group);
    Stop accept(const AssignmentInfo& info) MILLRACE_REQUIRES(mutex_);

    const topology::ApplicationTopology& application_;
    const AssignorOptions options_;
    const State state_;
    const PartitionRacks* const racks_;
    std::atomic<bool> joining_{false};
    mutable Mutex mutex_;
    SubscriptionInfo info_ MILLRACE_GUARDED_BY(mutex_);
    std::uint16_t written_version_ MILLRACE_GUARDED_BY(mutex_) = kFormatVersion;
    Stop stop_ MILLRACE_GUARDED_BY(mutex_);
    std::vector<TaskId> standby_ MILLRACE_GUARDED_BY(mutex_);
    Rejoin rejoin_ MILLRACE_GUARDED_BY(mutex_);
    std::uint64_t rounds_ MILLRACE_GUARDED_BY(mutex_) = 0;
    std::optional<std::vector<TopicPartition>> assigned_ MILLRACE_GUARDED_BY(mutex_);
    DepartedMembers members_ MILLRACE_GUARDED_BY(mutex_);
    bool led_ MILLRACE_GUARDED_BY(mutex_) = false;  // This member leads the current rebalance.
    std::vector<std::string> departed_ MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace::assignment
