// SPDX-License-Identifier: Apache-2.0
#include "kafka/rdkafka/assignor_bridge.hpp"

#include "core/check.hpp"
#include "core/log.hpp"
#include "kafka/rdkafka/partition_lists.hpp"
#include "millrace/core/error.hpp"

#include <cstdio>
#include <exception>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace millrace::kafka {
namespace {

BytesView view(const void* data, std::size_t size) {
    return {static_cast<const char*>(data), data != nullptr ? size : 0};
}

std::vector<std::string> topic_names(const rd_kafka_topic_partition_list_t& list) {
    std::vector<std::string> names;
    for (const auto& element : elements(list)) {
        names.emplace_back(element.topic);
    }
    return names;
}

GroupMember to_member(const millrace_group_member& from) {
    return {.member_id = from.member_id,
            .group_instance_id = from.group_instance_id,
            .topics = topic_names(*from.subscription),
            .owned = to_partitions(from.owned),
            .generation = from.generation,
            .rack_id = from.rack_id,
            .user_data = Bytes(view(from.user_data, from.user_data_size))};
}

/// Two members can claim the same partition if one of them missed a generation. The claim of the
/// later generation is valid (KIP-792).
void drop_outdated_claims(std::vector<GroupMember>& members) {
    std::unordered_map<TopicPartition, std::int32_t> latest;
    for (const auto& member : members) {
        for (const auto& which : member.owned) {
            const auto [claim, is_new] = latest.emplace(which, member.generation);
            if (!is_new && claim->second < member.generation) {
                claim->second = member.generation;
            }
        }
    }
    for (auto& member : members) {
        std::erase_if(member.owned, [&](const TopicPartition& which) {
            return latest.at(which) > member.generation;
        });
    }
}

/// librdkafka returns partitions that are missing in the assignment to their owner. For this
/// assignor, a missing partition is intentionally unassigned.
void drop_unassigned_claims(std::vector<GroupMember>& members,
                            const std::map<std::string, MemberAssignment>& assignments) {
    std::unordered_set<TopicPartition> assigned;
    for (const auto& [id, assignment] : assignments) {
        assigned.insert(assignment.partitions.begin(), assignment.partitions.end());
    }
    for (auto& member : members) {
        std::erase_if(member.owned,
                      [&](const TopicPartition& which) { return !assigned.contains(which); });
    }
}

}  // namespace

AssignorBridge::AssignorBridge(std::shared_ptr<GroupAssignor> assignor)
    : assignor_(std::move(assignor)),
      callbacks_{this, subscription_user_data, wants, assign_members, assigned} {
    MILLRACE_CHECK(assignor_ != nullptr);
}

void AssignorBridge::install(rd_kafka_t* client) {
    const std::string name = assignor_->name();
    const rd_kafka_resp_err_t error = millrace_use_assignor(client, name.c_str(), &callbacks_);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        throw ConfigError("cannot use partition assignor " + name + ": " + rd_kafka_err2str(error));
    }
}

void AssignorBridge::assign(std::vector<millrace_group_member*> described,
                            const PartitionCounts& topics) {
    std::vector<GroupMember> members;
    members.reserve(described.size());
    for (const auto* member : described) {
        members.push_back(to_member(*member));
    }
    drop_outdated_claims(members);

    assignments_ = assignor_->assign(members, topics);

    drop_unassigned_claims(members, assignments_);
    for (std::size_t i = 0; i < described.size(); ++i) {
        described[i]->still_owned = to_list(members[i].owned).release();
        const auto assignment = assignments_.find(members[i].member_id);
        if (assignment == assignments_.end()) {
            continue;  // The member gets no partitions.
        }
        for (const auto& which : assignment->second.partitions) {
            rd_kafka_topic_partition_list_add(described[i]->assignment, which.topic.c_str(),
                                              which.partition);
        }
        described[i]->assignment_user_data = assignment->second.user_data.data();
        described[i]->assignment_user_data_size = assignment->second.user_data.size();
    }
}

void AssignorBridge::subscription_user_data(void* self, const void** data,
                                            std::size_t* size) noexcept {
    auto& bridge = *static_cast<AssignorBridge*>(self);
    try {
        bridge.subscription_data_ = bridge.assignor_->subscription_user_data();
    } catch (const std::exception& failure) {
        bridge.subscription_data_.clear();
        log::error(std::string("partition assignor failed to describe this member: ") +
                   failure.what());
    }
    *data = bridge.subscription_data_.data();
    *size = bridge.subscription_data_.size();
}

void AssignorBridge::subscribe_only_to(std::optional<TopicMatcher> topics) {
    const MutexLock lock(mutex_);
    wanted_ = std::move(topics);
}

int AssignorBridge::wants(void* self, const char* topic) noexcept {
    auto& bridge = *static_cast<AssignorBridge*>(self);
    try {
        const MutexLock lock(bridge.mutex_);
        return !bridge.wanted_ || bridge.wanted_->matches(topic) ? 1 : 0;
    } catch (const std::exception& failure) {
        log::error(std::string("cannot match topic ") + topic + ": " + failure.what());
        return 0;
    }
}

int AssignorBridge::assign_members(void* self, millrace_group_member* members,
                                   std::size_t member_count, const millrace_topic* topics,
                                   std::size_t topic_count, char* error,
                                   std::size_t error_size) noexcept {
    try {
        std::vector<millrace_group_member*> described;
        for (std::size_t i = 0; i < member_count; ++i) {
            described.push_back(&members[i]);
        }
        PartitionCounts counts;
        for (std::size_t i = 0; i < topic_count; ++i) {
            counts.emplace(topics[i].name, topics[i].partitions);
        }
        static_cast<AssignorBridge*>(self)->assign(std::move(described), counts);
        return 0;
    } catch (const std::exception& failure) {
        // librdkafka logs the error and rejoins after a while.
        std::snprintf(error, error_size, "%s", failure.what());
        return 1;
    }
}

void AssignorBridge::assigned(void* self, const rd_kafka_topic_partition_list_t* assignment,
                              const void* user_data, std::size_t size) noexcept {
    try {
        static_cast<AssignorBridge*>(self)->assignor_->on_assignment(to_partitions(assignment),
                                                                     view(user_data, size));
    } catch (const std::exception& failure) {
        log::error(std::string("partition assignor failed to apply an assignment: ") +
                   failure.what());
    }
}

}  // namespace millrace::kafka
