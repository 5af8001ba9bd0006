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

/// Who we are to the group, for commits inside a transaction. Made by Consumer::group_metadata.
struct GroupMetadata {
    std::string group_id;
    std::string member_id;
    std::int32_t generation = -1;
    std::string group_instance_id;

    /// The client's own form of the same, which its producer reads; null on the embedded broker.
    std::shared_ptr<const void> native;

    /// False before the first join and after being thrown out: nothing may be committed then, as
    /// the broker would not check it.
    bool valid() const noexcept { return generation >= 0 && !member_id.empty(); }
};

/// What a group member tells the leader, and what the leader is told about it.
struct GroupMember {
    std::string member_id;
    std::string group_instance_id;      ///< Empty: a dynamic member.
    std::vector<std::string> topics;    ///< What it subscribes to, resolved.
    std::vector<TopicPartition> owned;  ///< What it holds from the last generation.
    std::int32_t generation = -1;       ///< In which it held them; -1: never.
    std::string rack_id;
    Bytes user_data;  ///< From GroupAssignor::subscription_user_data.
};

struct MemberAssignment {
    std::vector<TopicPartition> partitions;
    Bytes user_data;  ///< To GroupAssignor::on_assignment.
};

/// Topic name to number of partitions.
using PartitionCounts = std::map<std::string, std::int32_t>;

/// Decides which member of a consumer group gets which partitions. Cooperative: what one member
/// still owns is given to another one only in a later generation; `assign` may name the final
/// owner at once, the caller withholds what is still owned and asks for a follow-up rebalance.
///
/// Threads: called by the client's own threads, one call at a time for a consumer.
class GroupAssignor {
  public:
    virtual ~GroupAssignor() = default;

    /// Name of the protocol; members with different ones cannot share a group.
    virtual std::string name() const = 0;

    /// Sent along when this member joins.
    virtual Bytes subscription_user_data() = 0;

    /// On the leader: the assignment of every member, by member id.
    virtual std::map<std::string, MemberAssignment> assign(const std::vector<GroupMember>& members,
                                                           const PartitionCounts& topics) = 0;

    /// On every member, before its consumer's listener hears of the partitions.
    virtual void on_assignment(const std::vector<TopicPartition>& partitions,
                               BytesView user_data) = 0;
};

}  // namespace millrace::kafka
