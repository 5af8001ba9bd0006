// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/admin.hpp"
#include "kafka/client_supplier.hpp"
#include "kafka/rdkafka/admin_call.hpp"
#include "kafka/rdkafka/rd_config.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace millrace::kafka {

/// Admin over librdkafka. Thread-safe: each call waits on a queue of its own.
class RdAdmin final : public Admin {
  public:
    /// Errors: ConfigError.
    explicit RdAdmin(const ClientSettings& settings);

    Result<PartitionCounts> describe_topics(std::span<const std::string> names,
                                            std::chrono::milliseconds timeout) override;
    Result<PartitionCounts> list_topics(std::chrono::milliseconds timeout) override;
    Result<std::vector<Status>> create_topics(std::span<const NewTopic> topics,
                                              std::chrono::milliseconds timeout) override;
    Result<std::vector<Status>> delete_topics(std::span<const std::string> names,
                                              std::chrono::milliseconds timeout) override;
    Result<std::map<std::string, std::string>> topic_config(
        const std::string& name, std::chrono::milliseconds timeout) override;
    Result<std::vector<Result<std::int64_t>>> largest_batches(
        std::span<const std::string> names, std::chrono::milliseconds timeout) override;
    Result<std::vector<Status>> delete_records(std::span<const StartPosition> before,
                                               std::chrono::milliseconds timeout) override;
    Result<std::vector<Offset>> list_offsets(std::span<const TopicPartition> partitions,
                                             OffsetSpec spec, Isolation isolation,
                                             std::chrono::milliseconds timeout) override;
    Result<std::map<TopicPartition, CommittedOffset>> group_offsets(
        const std::string& group, std::chrono::milliseconds timeout) override;
    Status alter_group_offsets(const std::string& group, std::span<const OffsetCommit> offsets,
                               std::chrono::milliseconds timeout) override;
    Status delete_group(const std::string& group, std::chrono::milliseconds timeout) override;

  private:
    /// A client of this group. librdkafka crashes in a client without a group when a broker answers
    /// the question for a group's offsets with NOT_COORDINATOR (its issue 5040).
    RdClient make_group_client(const std::string& group) const;
    Result<RdEvent> describe_configs(AdminCall& call, std::span<const std::string> topics);
    Result<std::vector<Offset>> ask_offsets(std::span<const TopicPartition> partitions,
                                            OffsetSpec spec, Isolation isolation,
                                            std::chrono::milliseconds timeout);
    Result<std::map<TopicPartition, CommittedOffset>> ask_group_offsets(
        rd_kafka_t* client, const std::string& group, std::chrono::milliseconds timeout) const;

    ClientSettings settings_;
    RdClient client_;
};

}  // namespace millrace::kafka
