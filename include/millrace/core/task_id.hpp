// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/topic_partition.hpp"

#include <compare>
#include <cstdint>
#include <string>

namespace millrace {

/// Identifies a task: one sub-topology on one partition. Printed as "1_3", which is also the name
/// of its folder in the state directory.
struct TaskId {
    std::int32_t sub_topology = 0;
    Partition partition = 0;

    bool operator==(const TaskId&) const = default;
    auto operator<=>(const TaskId&) const = default;
};

inline std::string to_string(const TaskId& id) {
    return std::to_string(id.sub_topology) + "_" + std::to_string(id.partition);
}

}  // namespace millrace
