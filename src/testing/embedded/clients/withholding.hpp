// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/group.hpp"

#include <map>
#include <string>
#include <vector>

namespace millrace::testing::embedded {

/// Takes out of `assignments` every partition that another member still owns: its owner has to
/// give it up first, and asks for the next round when it has.
///
/// If two members claim a partition, the claim from the later generation holds.
void withhold_owned(const std::vector<kafka::GroupMember>& members,
                    std::map<std::string, kafka::MemberAssignment>& assignments);

}  // namespace millrace::testing::embedded
