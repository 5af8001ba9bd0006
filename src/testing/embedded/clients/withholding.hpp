// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/group.hpp"

#include <map>
#include <string>
#include <vector>

namespace millrace::testing::embedded {

/// Removes from `assignments` every partition that another member still owns: its owner must revoke
/// it first, and then triggers the next rebalance.
///
/// If two members claim a partition, the claim of the later generation is valid.
void withhold_owned(const std::vector<kafka::GroupMember>& members,
                    std::map<std::string, kafka::MemberAssignment>& assignments);

}  // namespace millrace::testing::embedded
