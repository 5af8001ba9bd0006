// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "assignment/subscription_info.hpp"
#include "core/thread_annotations.hpp"
#include "kafka/group.hpp"
#include "topology/sub_topologies.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::assignment {

/// Which task reads which partitions, for given partition counts of the topics.
class TaskMap {
  public:
    TaskMap(const topology::ApplicationTopology& application, const kafka::PartitionCounts& topics);

    /// Partitions of each task, sorted. A sub-topology without existing topics has no tasks.
    const std::map<TaskId, std::vector<TopicPartition>>& tasks() const noexcept { return tasks_; }

  private:
    std::map<TaskId, std::vector<TopicPartition>> tasks_;
};

/// Whether that sub-topology has `topic` as a source. Compiles patterns in each call.
bool reads(const topology::SubTopology& part, const std::string& topic);

/// The sub-topology that reads `topic`, or -1. Compiles patterns in each call.
std::int32_t sub_topology_of(const topology::ApplicationTopology& application,
                             const std::string& topic);

/// Assigns whole tasks with the balancer: all input partitions of a task go to the same member. The
/// new owner of a moved task gets no partition of it before the former owner has revoked all. One
/// object per stream thread.
///
/// Thread-safe: the Kafka client calls it from its threads, the stream thread from its own.
class PartitionAssignor final : public kafka::GroupAssignor {
  public:
    /// `application` must outlive the assignor.
    PartitionAssignor(const topology::ApplicationTopology& application, std::string process_id,
                      std::string thread_name);

    /// The data that the next rebalance sends to the leader.
    void set_tasks(std::vector<TaskId> active, std::vector<TaskId> on_disk);

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

    /// How many rebalances have completed on this member.
    std::uint64_t rounds() const;

    std::string name() const override { return "millrace"; }
    Bytes subscription_user_data() override;
    std::map<std::string, kafka::MemberAssignment> assign(
        const std::vector<kafka::GroupMember>& members,
        const kafka::PartitionCounts& topics) override;
    void on_assignment(const std::vector<TopicPartition>& partitions, BytesView user_data) override;

  private:
    const topology::ApplicationTopology& application_;
    mutable Mutex mutex_;
    SubscriptionInfo info_ MILLRACE_GUARDED_BY(mutex_);
    Stop stop_ MILLRACE_GUARDED_BY(mutex_);
    std::uint64_t rounds_ MILLRACE_GUARDED_BY(mutex_) = 0;
    std::optional<std::vector<TopicPartition>> assigned_ MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace::assignment
