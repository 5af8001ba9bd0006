// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "assignment/cluster.hpp"
#include "assignment/subscription_info.hpp"
#include "assignment/task_map.hpp"
#include "kafka/group.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace millrace::assignment {

/// The group as seen by its leader: the members' user data, and the partitions that they own.
class GroupView {
  public:
    struct Member {
        const kafka::GroupMember* group = nullptr;
        std::optional<SubscriptionInfo> info;  ///< Empty if the data could not be read.
    };

    /// All must outlive the view.
    GroupView(const topology::ApplicationTopology& application,
              const std::vector<kafka::GroupMember>& members, const TaskMap& map);

    const std::vector<Member>& members() const noexcept { return members_; }

    /// The input of the assignment: the members whose user data could be read. Members that read
    /// version 2 can run standbys.
    Cluster cluster() const;

    /// Whether the member must stop, and why.
    StopReason stop(const Member& member) const;

    /// Whether a thread of another process still holds partitions of a task of that member.
    bool awaits(const TaskId& task, const Member& member) const;

    /// The other members that hold partitions of these tasks of the member. They release them, and
    /// rejoin the group.
    std::set<std::string> former_owners(const std::vector<TaskId>& tasks,
                                        const Member& member) const;

    /// The partitions of these tasks that can be assigned to the member in this rebalance.
    std::vector<TopicPartition> partitions(const std::vector<TaskId>& tasks,
                                           const Member& member) const;

  private:
    void read(const std::vector<kafka::GroupMember>& members);
    void find_claims();
    void find_holders();
    std::map<TaskId, std::string> owners() const;
    bool may_give(const TaskId& task, const TopicPartition& partition,
                  const std::string& member) const;

    const topology::ApplicationTopology& application_;
    const TaskMap& map_;
    std::vector<Member> members_;
    bool shut_down_ = false;
    std::map<std::string, std::string> process_of_;  // By member.

    /// The owner of each partition. If several members claim a partition, the member with the
    /// latest generation owns it.
    std::map<TopicPartition, std::string> claims_;

    /// The members that own partitions of a task, including those of deleted topics. They run the
    /// task until they receive the result of this rebalance.
    std::map<TaskId, std::set<std::string>> holders_;
};

}  // namespace millrace::assignment
