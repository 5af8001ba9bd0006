// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/admin.hpp"
#include "kafka/client_supplier.hpp"
#include "testing/embedded/broker/cluster.hpp"

#include <memory>
#include <string>

namespace millrace::testing::embedded {

/// An admin client of an embedded broker. Thread-safe.
class EmbeddedAdmin final : public kafka::Admin {
  public:
    EmbeddedAdmin(std::shared_ptr<Cluster> cluster, const kafka::ClientSettings& settings);

    kafka::Result<kafka::PartitionCounts> describe_topics(
        std::span<const std::string> names, std::chrono::milliseconds timeout) override;
    kafka::Result<kafka::ReplicaRacks> replica_racks(std::span<const std::string> topics,
                                                     std::chrono::milliseconds timeout) override;
    kafka::Result<kafka::PartitionCounts> list_topics(std::chrono::milliseconds timeout) override;
    kafka::Result<std::vector<kafka::Status>> create_topics(
        std::span<const kafka::NewTopic> topics, std::chrono::milliseconds timeout) override;
    kafka::Result<std::vector<kafka::Status>> delete_topics(
        std::span<const std::string> names, std::chrono::milliseconds timeout) override;
    kafka::Result<std::map<std::string, std::string>> topic_config(
        const std::string& name, std::chrono::milliseconds timeout) override;
    kafka::Result<std::vector<kafka::Result<std::int64_t>>> largest_batches(
        std::span<const std::string> names, std::chrono::milliseconds timeout) override;
    kafka::Result<std::vector<kafka::Result<std::optional<std::chrono::milliseconds>>>>
    removals_kept_for(std::span<const std::string> names,
                      std::chrono::milliseconds timeout) override;
    kafka::Result<std::vector<kafka::Status>> delete_records(
        std::span<const kafka::StartPosition> before, std::chrono::milliseconds timeout) override;
    kafka::Result<std::vector<Offset>> list_offsets(std::span<const TopicPartition> partitions,
                                                    kafka::OffsetSpec spec,
                                                    kafka::Isolation isolation,
                                                    std::chrono::milliseconds timeout) override;
    kafka::Result<std::map<TopicPartition, kafka::CommittedOffset>> group_offsets(
        const std::string& group, std::span<const TopicPartition> partitions,
        std::chrono::milliseconds timeout) override;
    kafka::Status alter_group_offsets(const std::string& group,
                                      std::span<const kafka::OffsetCommit> offsets,
                                      std::chrono::milliseconds timeout) override;
    kafka::Status delete_group(const std::string& group,
                               std::chrono::milliseconds timeout) override;

  private:
    kafka::Status delete_records_before(const kafka::StartPosition& before);

    const std::shared_ptr<Cluster> cluster_;
    const std::string client_id_;
};

}  // namespace millrace::testing::embedded
