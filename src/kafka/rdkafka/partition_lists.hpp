// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/consumer.hpp"
#include "kafka/rdkafka/handles.hpp"

#include <span>
#include <vector>

namespace millrace::kafka {

RdList to_list(std::span<const TopicPartition> partitions);
RdList to_list(std::span<const OffsetCommit> offsets);
RdList to_list(std::span<const StartPosition> positions);

/// The start position of `element`.
void set_position(rd_kafka_topic_partition_t& element, const StartPosition& position);

TopicPartition to_partition(const rd_kafka_topic_partition_t& element);

/// Null is treated as an empty list.
std::vector<TopicPartition> to_partitions(const rd_kafka_topic_partition_list_t* list);

CommittedOffset to_committed_offset(const rd_kafka_topic_partition_t& element);

std::span<const rd_kafka_topic_partition_t> elements(const rd_kafka_topic_partition_list_t& list);
std::span<rd_kafka_topic_partition_t> elements(rd_kafka_topic_partition_list_t& list);

}  // namespace millrace::kafka
