// SPDX-License-Identifier: Apache-2.0
#include "assignment/departed_members.hpp"

#include <algorithm>
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
    std::stable_sort(ids.begin(), ids.end(), [this](const auto& one, const auto& other) {
        return departed_.at(one) < departed_.at(other);
    });
    ids.resize(std::min(ids.size(), kMost));
    return ids;
}

void DepartedMembers::follow(const std::vector<std::string>& leader) {
    present_ = {leader.begin(), leader.end()};
    departed_.clear();
}

}  // namespace millrace::assignment
