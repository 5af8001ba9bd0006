// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/topic_partition.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace millrace::kafka {

/// Identity of a group member, for commits in a transaction. Returned by Consumer::group_metadata.
struct GroupMetadata {
    std::string group_id;
    std::string member_id;
    std::int32_t generation = -1;
    std::string group_instance_id;

    /// The client's own representation, which its producer reads; null on the embedded broker.
    std::shared_ptr<const void> native;

    /// False before the first join and after the member was removed from the group: nothing may be
    /// committed then, because the broker would not check it.
    bool valid() const noexcept { return generation >= 0 && !member_id.empty(); }
};

/// What a member sends to the leader.
struct GroupMember {
    std::string member_id;
    std::string group_instance_id;      ///< Empty: a dynamic member.
    std::vector<std::string> topics;    ///< Its resolved subscription.
    std::vector<TopicPartition> owned;  ///< The partitions that it owns from the last generation.
    std::int32_t generation = -1;       ///< The generation in which it owned them; -1: none.
    std::string rack_id;
    Bytes user_data;  ///< From GroupAssignor::subscription_user_data.
};

struct MemberAssignment {
    std::vector<TopicPartition> partitions;
    Bytes user_data;  ///< To GroupAssignor::on_assignment.
};

/// Topic name to number of partitions.
using PartitionCounts = std::map<std::string, std::int32_t>;

/// Assigns partitions to the members of a consumer group. Cooperative: a partition that a member
/// still owns moves to another member only in a later generation. `assign` may return the final
/// owner at once: the caller withholds owned partitions and triggers a follow-up rebalance.
///
/// Threads: called by the client's threads, one call at a time for each consumer.
class GroupAssignor {
  public:
    virtual ~GroupAssignor() = default;

    /// Name of the protocol. Members with different protocols cannot share a group.
    virtual std::string name() const = 0;

    /// User data that this member sends when it joins.
    virtual Bytes subscription_user_data() = 0;

    /// On the leader: the assignment of every member, by member id.
    virtual std::map<std::string, MemberAssignment> assign(const std::vector<GroupMember>& members,
                                                           const PartitionCounts& topics) = 0;

    /// On every member, before the consumer's listener gets the partitions.
    virtual void on_assignment(const std::vector<TopicPartition>& partitions,
                               BytesView user_data) = 0;
};

}  // namespace millrace::kafka
