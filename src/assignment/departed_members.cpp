// SPDX-License-Identifier: Apache-2.0
#include "assignment/departed_members.hpp"

#include <utility>

namespace millrace::assignment {

std::vector<std::string> DepartedMembers::left(std::set<std::string> present) {
    for (auto& [id, rounds] : departed_) {
        ++rounds;
    }
    for (const std::string& id : present_) {
        departed_.emplace(id, 0);
    }
    std::erase_if(departed_, [&present](const auto& each) {
        return each.second >= kKept || present.contains(each.first);
    });
    present_ = std::move(present);
    std::vector<std::string> ids;
    ids.reserve(departed_.size());
    for (const auto& [id, rounds] : departed_) {
        ids.push_back(id);
    }
    return ids;
}

void DepartedMembers::follow(const std::vector<std::string>& leader) {
    present_ = {leader.begin(), leader.end()};
    departed_.clear();
}

}  // namespace millrace::assignment
