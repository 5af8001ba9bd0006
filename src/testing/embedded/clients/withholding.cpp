// SPDX-License-Identifier: Apache-2.0
#include "testing/embedded/clients/withholding.hpp"

namespace millrace::testing::embedded {

void withhold_owned(const std::vector<kafka::GroupMember>& members,
                    std::map<std::string, kafka::MemberAssignment>& assignments) {
    std::map<TopicPartition, const kafka::GroupMember*> owners;
    for (const auto& member : members) {
        for (const auto& partition : member.owned) {
            const auto [owner, first_claim] = owners.try_emplace(partition, &member);
            if (!first_claim && owner->second->generation < member.generation) {
                owner->second = &member;
            }
        }
    }
    for (auto& [member_id, assignment] : assignments) {
        std::erase_if(assignment.partitions, [&, &id = member_id](const TopicPartition& partition) {
            const auto owner = owners.find(partition);
            return owner != owners.end() && owner->second->member_id != id;
        });
    }
}

}  // namespace millrace::testing::embedded
