// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/start_positions.hpp"

#include "core/topic_matcher.hpp"
#include "millrace/core/error.hpp"

namespace millrace::runtime {

StartPositions::StartPositions(const topology::ApplicationTopology& application,
                               OffsetReset default_reset)
    : default_reset_(default_reset) {
    for (const detail::NodeSpec& node : application.spec->nodes) {
        if (node.kind != detail::NodeKind::kSource) {
            continue;
        }
        if (!node.pattern.empty()) {
            by_pattern_.emplace_back(node.pattern, node.offset_reset);
        }
        for (const std::string& topic : node.topics) {
            by_topic_[topic] = node.offset_reset;
        }
    }
    for (const auto& part : application.sub_topologies) {
        // Topics that the application itself writes are read from the start.
        for (const auto& [name, topic] : part.repartition_source_topics) {
            by_topic_[topic.name] = OffsetReset::kEarliest;
        }
    }
}

Offset StartPositions::reset(const TopicPartition& partition) const {
    OffsetReset policy = OffsetReset::kDefault;
    if (const auto found = by_topic_.find(partition.topic); found != by_topic_.end()) {
        policy = found->second;
    } else {
        for (const auto& [pattern, reset] : by_pattern_) {
            if (TopicMatcher(pattern).matches(partition.topic)) {
                policy = reset;
                break;
            }
        }
    }
    switch (policy == OffsetReset::kDefault ? default_reset_ : policy) {
        case OffsetReset::kLatest:
            return kafka::kFromEnd;
        case OffsetReset::kNone:
            throw KafkaError("no usable offset and the reset policy is none: partition " +
                             to_string(partition) +
                             "; set auto.offset.reset or the source's own policy, or the group's "
                             "offsets");
        default:
            return kafka::kFromBeginning;
    }
}

kafka::StartPosition StartPositions::start(const TopicPartition& partition,
                                           const kafka::CommittedOffset& committed) const {
    if (!committed.offset) {
        return {partition, reset(partition)};
    }
    return {partition, *committed.offset, committed.leader_epoch};
}

}  // namespace millrace::runtime
