// SPDX-License-Identifier: Apache-2.0
#include "testing/simulation/invariants.hpp"

#include "millrace/core/topic_partition.hpp"

namespace millrace::testing::simulated {

void Invariants::look(const std::set<std::string>& recreated,
                      std::vector<std::string>& violations) {
    auto committed = broker_.committed_offsets(group_);
    for (const auto& [partition, before] : committed_) {
        const auto now = committed.find(partition);
        if (now != committed.end() && now->second < before &&
            !recreated.contains(partition.topic)) {
            violations.push_back("the committed offset of " + millrace::to_string(partition) +
                                 " moved back from " + std::to_string(before) + " to " +
                                 std::to_string(now->second));
        }
    }
    committed_ = std::move(committed);
    std::map<TopicPartition, std::string> owners;
    for (const auto& member : broker_.members(group_)) {
        for (const auto& partition : member.partitions) {
            const auto [owner, first] = owners.try_emplace(partition, member.member_id);
            if (!first) {
                violations.push_back(millrace::to_string(partition) + " is assigned to " +
                                     owner->second + " and to " + member.member_id);
            }
        }
    }
}

}  // namespace millrace::testing::simulated
