// SPDX-License-Identifier: Apache-2.0
#include "testing/embedded/clients/embedded_admin.hpp"

#include "testing/embedded/clients/client_settings.hpp"
#include "testing/embedded/log/statuses.hpp"

namespace millrace::testing::embedded {
namespace {

kafka::Status unknown(const std::string& what) {
    return failure(kafka::ErrorCode::kUnknownTopic, "no such topic or partition: " + what);
}

}  // namespace

EmbeddedAdmin::EmbeddedAdmin(std::shared_ptr<Cluster> cluster,
                             const kafka::ClientSettings& settings)
    : cluster_(std::move(cluster)), client_id_(client_id_setting(settings)) {}

kafka::Result<kafka::PartitionCounts> EmbeddedAdmin::describe_topics(
    std::span<const std::string> names, std::chrono::milliseconds timeout) {
    auto lock = cluster_->lock();
    if (auto status = cluster_->await_reachable(lock, client_id_, timeout); !status.ok()) {
        return status;
    }
    kafka::PartitionCounts counts;
    for (const auto& name : names) {
        if (const auto topic = cluster_->topics().find(name)) {
            counts.emplace(name, topic->partition_count());
        }
    }
    return counts;
}

/// The broker has no rack.
kafka::Result<kafka::ReplicaRacks> EmbeddedAdmin::replica_racks(std::span<const std::string> topics,
                                                                std::chrono::milliseconds timeout) {
    const auto counts = describe_topics(topics, timeout);
    if (!counts.ok()) {
        return counts.status();
    }
    kafka::ReplicaRacks racks;
    for (const auto& [name, partitions] : counts.value()) {
        for (Partition partition = 0; partition < partitions; ++partition) {
            racks[{name, partition}].insert("");
        }
    }
    return racks;
}

kafka::Result<kafka::PartitionCounts> EmbeddedAdmin::list_topics(
    std::chrono::milliseconds timeout) {
    auto lock = cluster_->lock();
    if (auto status = cluster_->await_reachable(lock, client_id_, timeout); !status.ok()) {
        return status;
    }
    return cluster_->topics().counts();
}

kafka::Result<std::vector<kafka::Status>> EmbeddedAdmin::create_topics(
    std::span<const kafka::NewTopic> topics, std::chrono::milliseconds timeout) {
    auto lock = cluster_->lock();
    if (auto status = cluster_->await_reachable(lock, client_id_, timeout); !status.ok()) {
        return status;
    }
    std::vector<kafka::Status> statuses;
    for (const auto& topic : topics) {
        statuses.push_back(cluster_->topics().create(topic));
    }
    cluster_->topics_changed();
    return statuses;
}

kafka::Result<std::vector<kafka::Status>> EmbeddedAdmin::delete_topics(
    std::span<const std::string> names, std::chrono::milliseconds timeout) {
    auto lock = cluster_->lock();
    if (auto status = cluster_->await_reachable(lock, client_id_, timeout); !status.ok()) {
        return status;
    }
    std::vector<kafka::Status> statuses;
    for (const auto& name : names) {
        statuses.push_back(cluster_->delete_topic(name));
    }
    return statuses;
}

kafka::Result<std::map<std::string, std::string>> EmbeddedAdmin::topic_config(
    const std::string& name, std::chrono::milliseconds timeout) {
    auto lock = cluster_->lock();
    if (auto status = cluster_->await_reachable(lock, client_id_, timeout); !status.ok()) {
        return status;
    }
    const auto topic = cluster_->topics().find(name);
    if (topic == nullptr) {
        return unknown(name);
    }
    return topic->config;
}

kafka::Result<std::vector<kafka::Result<std::int64_t>>> EmbeddedAdmin::largest_batches(
    std::span<const std::string> names, std::chrono::milliseconds timeout) {
    auto lock = cluster_->lock();
    if (auto status = cluster_->await_reachable(lock, client_id_, timeout); !status.ok()) {
        return status;
    }
    std::vector<kafka::Result<std::int64_t>> limits;
    for (const auto& name : names) {
        if (const auto topic = cluster_->topics().find(name)) {
            limits.emplace_back(topic->settings->max_message_bytes);
        } else {
            limits.emplace_back(unknown(name));
        }
    }
    return limits;
}

kafka::Result<std::vector<kafka::Result<std::optional<std::chrono::milliseconds>>>>
EmbeddedAdmin::removals_kept_for(std::span<const std::string> names,
                                 std::chrono::milliseconds timeout) {
    auto lock = cluster_->lock();
    if (auto status = cluster_->await_reachable(lock, client_id_, timeout); !status.ok()) {
        return status;
    }
    using Kept = std::optional<std::chrono::milliseconds>;
    std::vector<kafka::Result<Kept>> kept;
    for (const auto& name : names) {
        const auto topic = cluster_->topics().find(name);
        if (topic == nullptr) {
            kept.emplace_back(unknown(name));
        } else if (topic->settings->compact) {
            kept.emplace_back(
                Kept(std::chrono::milliseconds(topic->settings->delete_retention_ms)));
        } else {
            kept.emplace_back(Kept());
        }
    }
    return kept;
}

kafka::Status EmbeddedAdmin::delete_records_before(const kafka::StartPosition& before) {
    const auto log = cluster_->topics().find(before.partition);
    if (log == nullptr) {
        return unknown(to_string(before.partition));
    }
    if (!log->settings().erase) {
        return {kafka::ErrorCode::kPolicyViolation,
                "cleanup.policy forbids deleting records: " + to_string(before.partition)};
    }
    const Offset offset = before.offset == kafka::kFromEnd ? log->end() : before.offset;
    if (offset < 0 || offset > log->end()) {
        return {kafka::ErrorCode::kOffsetOutOfRange, "offset " + std::to_string(offset) +
                                                         " is beyond the end of " +
                                                         to_string(before.partition)};
    }
    log->delete_before(offset);
    return {};
}

kafka::Result<std::vector<kafka::Status>> EmbeddedAdmin::delete_records(
    std::span<const kafka::StartPosition> before, std::chrono::milliseconds timeout) {
    auto lock = cluster_->lock();
    if (auto status = cluster_->await_reachable(lock, client_id_, timeout); !status.ok()) {
        return status;
    }
    std::vector<kafka::Status> statuses;
    for (const auto& position : before) {
        statuses.push_back(delete_records_before(position));
    }
    return statuses;
}

kafka::Result<std::vector<Offset>> EmbeddedAdmin::list_offsets(
    std::span<const TopicPartition> partitions, kafka::OffsetSpec spec, kafka::Isolation isolation,
    std::chrono::milliseconds timeout) {
    auto lock = cluster_->lock();
    if (auto status = cluster_->await_reachable(lock, client_id_, timeout); !status.ok()) {
        return status;
    }
    std::vector<Offset> offsets;
    for (const auto& partition : partitions) {
        const auto log = cluster_->topics().find(partition);
        if (log == nullptr) {
            return unknown(to_string(partition));
        }
        offsets.push_back(spec == kafka::OffsetSpec::kEarliest ? log->start()
                                                               : log->end_for(isolation));
    }
    return offsets;
}

kafka::Result<std::map<TopicPartition, kafka::CommittedOffset>> EmbeddedAdmin::group_offsets(
    const std::string& group, std::span<const TopicPartition> partitions,
    std::chrono::milliseconds timeout) {
    auto lock = cluster_->lock();
    if (auto status = cluster_->await_reachable(lock, client_id_, timeout); !status.ok()) {
        return status;
    }
    std::map<TopicPartition, kafka::CommittedOffset> offsets;
    if (const Group* found = cluster_->find_group(group)) {
        const auto& all = found->offsets().committed();
        for (const TopicPartition& partition : partitions) {
            if (const auto committed = all.find(partition); committed != all.end()) {
                offsets.insert(*committed);
            }
        }
    }
    return offsets;
}

kafka::Status EmbeddedAdmin::alter_group_offsets(const std::string& group,
                                                 std::span<const kafka::OffsetCommit> offsets,
                                                 std::chrono::milliseconds timeout) {
    auto lock = cluster_->lock();
    if (auto status = cluster_->await_reachable(lock, client_id_, timeout); !status.ok()) {
        return status;
    }
    Group& found = cluster_->group(group);
    if (!found.members().empty()) {
        return {kafka::ErrorCode::kGroupNotEmpty, "group has members: " + group};
    }
    for (const auto& offset : offsets) {
        if (cluster_->topics().find(offset.partition) == nullptr) {
            return unknown(to_string(offset.partition));
        }
    }
    found.offsets().commit(offsets);
    return {};
}

kafka::Status EmbeddedAdmin::delete_group(const std::string& group,
                                          std::chrono::milliseconds timeout) {
    auto lock = cluster_->lock();
    if (auto status = cluster_->await_reachable(lock, client_id_, timeout); !status.ok()) {
        return status;
    }
    const Group* found = cluster_->find_group(group);
    if (found == nullptr) {
        return {kafka::ErrorCode::kOther, "no such group: " + group};
    }
    if (!found->members().empty()) {
        return {kafka::ErrorCode::kGroupNotEmpty, "group has members: " + group};
    }
    cluster_->erase_group(group);
    return {};
}

}  // namespace millrace::testing::embedded
