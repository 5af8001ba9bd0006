// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/admin.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace millrace::support {

/// Forwards all calls: for tests that override one of them.
class ForwardingAdmin : public kafka::Admin {
  public:
    /// `to` must outlive this.
    explicit ForwardingAdmin(kafka::Admin& to) : to_(to) {}

    kafka::Result<kafka::PartitionCounts> describe_topics(
        std::span<const std::string> names, std::chrono::milliseconds timeout) override {
        return to_.describe_topics(names, timeout);
    }
    kafka::Result<kafka::ReplicaRacks> replica_racks(std::span<const std::string> topics,
                                                     std::chrono::milliseconds timeout) override {
        return to_.replica_racks(topics, timeout);
    }
    kafka::Result<kafka::PartitionCounts> list_topics(std::chrono::milliseconds timeout) override {
        return to_.list_topics(timeout);
    }
    kafka::Result<std::vector<kafka::Status>> create_topics(
        std::span<const kafka::NewTopic> topics, std::chrono::milliseconds timeout) override {
        return to_.create_topics(topics, timeout);
    }
    kafka::Result<std::vector<kafka::Status>> delete_topics(
        std::span<const std::string> names, std::chrono::milliseconds timeout) override {
        return to_.delete_topics(names, timeout);
    }
    kafka::Result<std::map<std::string, std::string>> topic_config(
        const std::string& name, std::chrono::milliseconds timeout) override {
        return to_.topic_config(name, timeout);
    }
    kafka::Result<std::vector<kafka::Result<std::int64_t>>> largest_batches(
        std::span<const std::string> names, std::chrono::milliseconds timeout) override {
        return to_.largest_batches(names, timeout);
    }
    kafka::Result<std::vector<kafka::Result<std::optional<std::chrono::milliseconds>>>>
    removals_kept_for(std::span<const std::string> names,
                      std::chrono::milliseconds timeout) override {
        return to_.removals_kept_for(names, timeout);
    }
    kafka::Result<std::vector<kafka::Status>> delete_records(
        std::span<const kafka::StartPosition> before, std::chrono::milliseconds timeout) override {
        return to_.delete_records(before, timeout);
    }
    kafka::Result<std::vector<Offset>> list_offsets(std::span<const TopicPartition> partitions,
                                                    kafka::OffsetSpec spec,
                                                    kafka::Isolation isolation,
                                                    std::chrono::milliseconds timeout) override {
        return to_.list_offsets(partitions, spec, isolation, timeout);
    }
    kafka::Result<std::map<TopicPartition, kafka::CommittedOffset>> group_offsets(
        const std::string& group, std::span<const TopicPartition> partitions,
        std::chrono::milliseconds timeout) override {
        return to_.group_offsets(group, partitions, timeout);
    }
    kafka::Status alter_group_offsets(const std::string& group,
                                      std::span<const kafka::OffsetCommit> offsets,
                                      std::chrono::milliseconds timeout) override {
        return to_.alter_group_offsets(group, offsets, timeout);
    }
    kafka::Status delete_group(const std::string& group,
                               std::chrono::milliseconds timeout) override {
        return to_.delete_group(group, timeout);
    }

  private:
    kafka::Admin& to_;
};

}  // namespace millrace::support
