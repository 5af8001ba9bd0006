// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace millrace::assignment {

/// The transactional ids of members that have left the group, as far as this member knows: a leader
/// knows all members of the rebalances that it has led, other members know those of the leader.
class DepartedMembers {
  public:
    /// How many rebalances ago a member may have left.
    static constexpr int kKept = 8;

    /// The maximum number of ids that left() returns. It limits the size of the user data and the
    /// number of transactions that a member aborts.
    static constexpr std::size_t kMost = 64;

    /// For the leader: the ids of all members of this rebalance. Returns the ids of those that have
    /// left, the latest first.
    std::vector<std::string> left(std::set<std::string> present);

    /// For a member that does not lead the group: the ids of the leader of this rebalance.
    void follow(const std::vector<std::string>& leader);

  private:
    std::set<std::string> present_;
    std::map<std::string, int> departed_;  // And the number of rebalances since then.
};

}  // namespace millrace::assignment
