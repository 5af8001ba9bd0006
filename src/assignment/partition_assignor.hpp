// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "assignment/subscription_info.hpp"
#include "kafka/group.hpp"
#include "topology/sub_topologies.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace millrace::assignment {

/// Which task reads which partitions, given how many partitions the topics have.
class TaskMap {
  public:
    TaskMap(const topology::ApplicationTopology& application, const kafka::PartitionCounts& topics);

    /// Partitions of each task, sorted. Sub-topologies none of whose topics exist have no tasks.
    const std::map<TaskId, std::vector<TopicPartition>>& tasks() const noexcept { return tasks_; }

  private:
    std::map<TaskId, std::vector<TopicPartition>> tasks_;
};

/// Whether that part of the topology has `topic` as a source. Compiles patterns anew for each call.
bool reads(const topology::SubTopology& part, const std::string& topic);

/// The sub-topology that reads `topic`; -1 when none does. Compiles patterns anew for each call.
std::int32_t sub_topology_of(const topology::ApplicationTopology& application,
                             const std::string& topic);

/// Assigns whole tasks, all input partitions of one to the same member, through the balancer. A
/// task that moves gets none of them before its owner has given up all. One object per stream
/// thread.
///
/// Thread-safe: the Kafka client calls it from its threads, the stream thread from its own.
class PartitionAssignor final : public kafka::GroupAssignor {
  public:
    /// `application` must outlive the assignor.
    PartitionAssignor(const topology::ApplicationTopology& application, std::string process_id,
                      std::string thread_name);

    /// What the next rebalance tells the leader.
    void set_tasks(std::vector<TaskId> active, std::vector<TaskId> on_disk);

    /// The next rebalance asks all members to stop.
    void request_application_shutdown();

    /// Why this member must stop, as the leader said or as its assignment could not be read;
    /// empty: go on.
    struct Stop {
        StopReason reason = StopReason::kNone;
        std::string message;
    };
    Stop stop() const;

    /// The partitions this member was last told it has, sorted; nothing before the first time.
    std::optional<std::vector<TopicPartition>> assigned() const;

    /// How many rounds of the group this member has heard the end of.
    std::uint64_t rounds() const;

    std::string name() const override { return "millrace"; }
    Bytes subscription_user_data() override;
    std::map<std::string, kafka::MemberAssignment> assign(
        const std::vector<kafka::GroupMember>& members,
        const kafka::PartitionCounts& topics) override;
    void on_assignment(const std::vector<TopicPartition>& partitions, BytesView user_data) override;

  private:
    const topology::ApplicationTopology& application_;
    mutable std::mutex mutex_;
    SubscriptionInfo info_;
    Stop stop_;
    std::uint64_t rounds_ = 0;
    std::optional<std::vector<TopicPartition>> assigned_;
};

}  // namespace millrace::assignment
