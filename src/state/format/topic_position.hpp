// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/topic_partition.hpp"

#include <cstdint>
#include <vector>

namespace millrace::state {

/// Where to resume in one partition of the topic of a global store.
struct TopicPosition {
    Offset next = 0;                 ///< The store has all records before it.
    std::int32_t leader_epoch = -1;  ///< Of the record before it; -1: unknown.

    bool operator==(const TopicPosition&) const = default;
};

/// Of all partitions, by number. Empty: unknown, read the topic from its beginning.
using TopicPositions = std::vector<TopicPosition>;

}  // namespace millrace::state
