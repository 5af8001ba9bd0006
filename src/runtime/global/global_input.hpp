// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/topic_partition.hpp"

#include "restore/progress_board.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace millrace::runtime {

/// A partition that fills a global store.
struct GlobalInput {
    TopicPartition partition;
    std::size_t topic = 0;     ///< Index into the task's topics, and of the store.
    Offset first = 0;          ///< Start of the log at the first turn.
    Offset end = 0;            ///< Its end then, or its last stable offset.
    Offset next = 0;           ///< The store has all records before it.
    std::int32_t epoch = -1;   ///< Of the record before it; -1: unknown.
    std::int64_t records = 0;  ///< Read initially.
    bool complete = false;     ///< The initial read is complete.
    std::unique_ptr<restore::ProgressBoard::Meter> progress{};  ///< Of the initial read.
};

/// Ordered by topic.
using GlobalInputs = std::vector<GlobalInput>;

/// The partitions of all inputs.
inline std::vector<TopicPartition> partitions_of(const GlobalInputs& inputs) {
    std::vector<TopicPartition> partitions;
    partitions.reserve(inputs.size());
    for (const GlobalInput& input : inputs) {
        partitions.push_back(input.partition);
    }
    return partitions;
}

}  // namespace millrace::runtime
