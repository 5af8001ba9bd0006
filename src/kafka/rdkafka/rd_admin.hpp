// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/thread_annotations.hpp"
#include "kafka/admin.hpp"
#include "kafka/client_supplier.hpp"
#include "kafka/rdkafka/admin_call.hpp"
#include "kafka/rdkafka/rd_config.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace millrace::kafka {

/// Admin over librdkafka. Thread-safe: each call waits on its own queue.
class RdAdmin final : public Admin {
  public:
    /// Errors: ConfigError.
    explicit RdAdmin(const ClientSettings& settings);

    Result<PartitionCounts> describe_topics(std::span<const std::string> names,
                                            std::chrono::milliseconds timeout) override;
    Result<ReplicaRacks> replica_racks(std::span<const std::string> topics,
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
    Result<std::vector<Result<std::optional<std::chrono::milliseconds>>>> removals_kept_for(
        std::span<const std::string> names, std::chrono::milliseconds timeout) override;
    Result<std::vector<Status>> delete_records(std::span<const StartPosition> before,
                                               std::chrono::milliseconds timeout) override;
    Result<std::vector<Offset>> list_offsets(std::span<const TopicPartition> partitions,
                                             OffsetSpec spec, Isolation isolation,
                                             std::chrono::milliseconds timeout) override;
    Result<std::map<TopicPartition, CommittedOffset>> group_offsets(
        const std::string& group, std::span<const TopicPartition> partitions,
        std::chrono::milliseconds timeout) override;
    Status alter_group_offsets(const std::string& group, std::span<const OffsetCommit> offsets,
                               std::chrono::milliseconds timeout) override;
    Status delete_group(const std::string& group, std::chrono::milliseconds timeout) override;

  private:
    /// A consumer of this group, which never joins it. The admin interface of librdkafka is not
    /// used to read offsets: it uses freed memory when a request has timed out and the coordinator
    /// comes back, or responds with NOT_COORDINATOR (issue 5040). Created once for each group,
    /// because it costs threads, connections and time. Throws ConfigError.
    rd_kafka_t* client_of_group(const std::string& group);
    bool refresh_unknown(const Status& failure, std::chrono::milliseconds timeout);
    Status describe(
        std::span<const std::string> topics, std::chrono::milliseconds timeout,
        const std::function<void(const std::string& topic,
                                 std::span<const rd_kafka_TopicPartitionInfo_t* const>)>& each);
    Result<RdEvent> describe_configs(AdminCall& call, std::span<const std::string> topics);

    /// The results of `read` for each topic's effective settings, in order.
    template <class T>
    Result<std::vector<Result<T>>> read_configs(
        std::span<const std::string> names, const char* doing, std::chrono::milliseconds timeout,
        Result<T> (*read)(const rd_kafka_ConfigResource_t&));
    Result<std::vector<Offset>> ask_offsets(std::span<const TopicPartition> partitions,
                                            OffsetSpec spec, Isolation isolation,
                                            std::chrono::milliseconds timeout, bool& has_moved);

    Status try_to_alter(const std::string& group, std::span<const OffsetCommit> offsets,
                        std::chrono::milliseconds timeout);
    Status try_to_delete(const std::string& group, std::chrono::milliseconds timeout);

    ClientSettings settings_;
    RdClient client_;
    Mutex mutex_;
    // Entries are never removed.
    std::map<std::string, RdClient> group_clients_ MILLRACE_GUARDED_BY(mutex_);
};

/// The timeout of the first of several offset requests, and of the one after a timeout: short while
/// leaders are looked up, long on a slow network.
inline constexpr std::chrono::milliseconds kFirstOffsetsAttempt{500};
inline std::chrono::milliseconds next_offsets_attempt(std::chrono::milliseconds attempt) {
    return std::min(2 * attempt, std::chrono::milliseconds{8000});
}

}  // namespace millrace::kafka
