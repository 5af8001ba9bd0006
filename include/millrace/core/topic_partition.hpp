// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace millrace {

/// Number of a partition within its topic, from 0.
using Partition = std::int32_t;

/// Position of a record in its partition, from 0.
using Offset = std::int64_t;

/// One partition of one topic.
struct TopicPartition {
    std::string topic;
    Partition partition = 0;

    bool operator==(const TopicPartition&) const = default;
    auto operator<=>(const TopicPartition&) const = default;
};

/// "topic-partition", as Kafka prints it.
inline std::string to_string(const TopicPartition& which) {
    return which.topic + "-" + std::to_string(which.partition);
}

}  // namespace millrace

template <>
struct std::hash<millrace::TopicPartition> {
    std::size_t operator()(const millrace::TopicPartition& which) const noexcept {
        return std::hash<std::string>{}(which.topic) * 31 +
               static_cast<std::size_t>(which.partition);
    }
};
