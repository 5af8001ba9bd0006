// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/consumer.hpp"
#include "kafka/status.hpp"
#include "millrace/core/topic_partition.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace millrace::kafka {

struct NewTopic {
    std::string name;
    std::int32_t partitions = 1;
    std::int16_t replication_factor = -1;  ///< -1: the broker's default.
    std::map<std::string, std::string> config =
        {};  ///< Kafka's topic settings, "cleanup.policy" and so on.
};

/// By partition: the racks of the brokers that have a replica of it.
using ReplicaRacks = std::map<TopicPartition, std::set<std::string>>;

enum class OffsetSpec { kEarliest, kLatest };

enum class Isolation { kReadUncommitted, kReadCommitted };

/// The interface to Kafka's admin client. Every call waits up to `timeout`. Thread-safe.
class Admin {
  public:
    virtual ~Admin() = default;

    /// Partition counts of the given topics that exist.
    virtual Result<PartitionCounts> describe_topics(std::span<const std::string> names,
                                                    std::chrono::milliseconds timeout) = 0;

    /// The racks of the partitions of the given topics that exist. The rack of a broker that has
    /// none, or that is down, is "".
    virtual Result<ReplicaRacks> replica_racks(std::span<const std::string> topics,
                                               std::chrono::milliseconds timeout) = 0;

    /// All topics of the cluster.
    virtual Result<PartitionCounts> list_topics(std::chrono::milliseconds timeout) = 0;

    /// One status per topic, in order; kTopicExists for existing topics.
    virtual Result<std::vector<Status>> create_topics(std::span<const NewTopic> topics,
                                                      std::chrono::milliseconds timeout) = 0;
    virtual Result<std::vector<Status>> delete_topics(std::span<const std::string> names,
                                                      std::chrono::milliseconds timeout) = 0;

    /// The settings of a topic that differ from the broker's defaults or were set on the topic.
    virtual Result<std::map<std::string, std::string>> topic_config(
        const std::string& name, std::chrono::milliseconds timeout) = 0;

    /// The maximum batch size of each topic, in order: the effective value of max.message.bytes. A
    /// topic that does not exist, or that the principal is not authorized to describe, has its own
    /// error status.
    virtual Result<std::vector<Result<std::int64_t>>> largest_batches(
        std::span<const std::string> names, std::chrono::milliseconds timeout) = 0;

    /// How long each topic keeps tombstones after compaction, in order: the effective value of
    /// delete.retention.ms; empty if the topic is never compacted. A topic that does not exist, or
    /// that the principal is not authorized to describe, has its own error status.
    virtual Result<std::vector<Result<std::optional<std::chrono::milliseconds>>>> removals_kept_for(
        std::span<const std::string> names, std::chrono::milliseconds timeout) = 0;

    /// Deletes all records before the given offsets; one status per partition.
    virtual Result<std::vector<Status>> delete_records(std::span<const StartPosition> before,
                                                       std::chrono::milliseconds timeout) = 0;

    /// First or end offset of each partition, in order. Under kReadCommitted, the end is the last
    /// stable offset.
    virtual Result<std::vector<Offset>> list_offsets(std::span<const TopicPartition> partitions,
                                                     OffsetSpec spec, Isolation isolation,
                                                     std::chrono::milliseconds timeout) = 0;

    /// The committed offsets of a group for these partitions. Partitions without a committed offset
    /// are omitted.
    virtual Result<std::map<TopicPartition, CommittedOffset>> group_offsets(
        const std::string& group, std::span<const TopicPartition> partitions,
        std::chrono::milliseconds timeout) = 0;

    /// Sets the committed offsets of a group without members.
    virtual Status alter_group_offsets(const std::string& group,
                                       std::span<const OffsetCommit> offsets,
                                       std::chrono::milliseconds timeout) = 0;
    virtual Status delete_group(const std::string& group, std::chrono::milliseconds timeout) = 0;
};

}  // namespace millrace::kafka
