// SPDX-License-Identifier: Apache-2.0
#include "kafka/rdkafka/partition_lists.hpp"

#include <cstring>
#include <new>

namespace millrace::kafka {

RdList to_list(std::span<const TopicPartition> partitions) {
    RdList list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
    for (const auto& which : partitions) {
        rd_kafka_topic_partition_list_add(list.get(), which.topic.c_str(), which.partition);
    }
    return list;
}

RdList to_list(std::span<const OffsetCommit> offsets) {
    RdList list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
    for (const auto& commit : offsets) {
        rd_kafka_topic_partition_t& element = *rd_kafka_topic_partition_list_add(
            list.get(), commit.partition.topic.c_str(), commit.partition.partition);
        element.offset = commit.offset;
        rd_kafka_topic_partition_set_leader_epoch(&element, commit.leader_epoch);
        if (!commit.metadata.empty()) {
            // The list frees it with librdkafka's allocator.
            element.metadata = rd_kafka_mem_malloc(nullptr, commit.metadata.size());
            if (element.metadata == nullptr) {
                throw std::bad_alloc();
            }
            std::memcpy(element.metadata, commit.metadata.data(), commit.metadata.size());
            element.metadata_size = commit.metadata.size();
        }
    }
    return list;
}

RdList to_list(std::span<const StartPosition> positions) {
    RdList list(rd_kafka_topic_partition_list_new(static_cast<int>(positions.size())));
    for (const auto& position : positions) {
        set_position(
            *rd_kafka_topic_partition_list_add(list.get(), position.partition.topic.c_str(),
                                               position.partition.partition),
            position);
    }
    return list;
}

void set_position(rd_kafka_topic_partition_t& element, const StartPosition& position) {
    element.offset = position.offset;
    rd_kafka_topic_partition_set_leader_epoch(&element, position.leader_epoch);
}

TopicPartition to_partition(const rd_kafka_topic_partition_t& element) {
    return {element.topic, element.partition};
}

std::vector<TopicPartition> to_partitions(const rd_kafka_topic_partition_list_t* list) {
    std::vector<TopicPartition> partitions;
    if (list != nullptr) {
        partitions.reserve(static_cast<std::size_t>(list->cnt));
        for (const auto& element : elements(*list)) {
            partitions.push_back(to_partition(element));
        }
    }
    return partitions;
}

CommittedOffset to_committed_offset(const rd_kafka_topic_partition_t& element) {
    CommittedOffset committed;
    if (element.offset >= 0) {
        committed.offset = element.offset;
        committed.leader_epoch = rd_kafka_topic_partition_get_leader_epoch(&element);
        if (element.metadata != nullptr) {
            committed.metadata.assign(static_cast<const char*>(element.metadata),
                                      element.metadata_size);
        }
    }
    return committed;
}

std::span<const rd_kafka_topic_partition_t> elements(const rd_kafka_topic_partition_list_t& list) {
    return {list.elems, static_cast<std::size_t>(list.cnt)};
}

std::span<rd_kafka_topic_partition_t> elements(rd_kafka_topic_partition_list_t& list) {
    return {list.elems, static_cast<std::size_t>(list.cnt)};
}

}  // namespace millrace::kafka
