// SPDX-License-Identifier: Apache-2.0
#include "testing/embedded/log/topics.hpp"

#include "testing/embedded/log/statuses.hpp"

#include <algorithm>

namespace millrace::testing::embedded {
namespace {

constexpr std::size_t kLongestName = 249;

/// Kafka allows ASCII letters and digits, '.', '_' and '-'.
bool is_legal_name(const std::string& name) {
    const auto legal = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    };
    return !name.empty() && name != "." && name != ".." && name.size() <= kLongestName &&
           std::all_of(name.begin(), name.end(), legal);
}

void add_partitions(Topic& topic, std::int32_t count) {
    while (topic.partition_count() < count) {
        topic.partitions.push_back(std::make_shared<PartitionLog>(
            TopicPartition{topic.name, topic.partition_count()}, topic.settings));
    }
}

}  // namespace

kafka::Status Topics::create(const kafka::NewTopic& topic) {
    if (topics_.contains(topic.name)) {
        return failure(kafka::ErrorCode::kTopicExists, "topic exists: " + topic.name);
    }
    if (!is_legal_name(topic.name)) {
        return failure(kafka::ErrorCode::kInvalidConfig, "illegal topic name: " + topic.name);
    }
    if (topic.partitions < 1) {
        return failure(kafka::ErrorCode::kInvalidConfig, "topic needs a partition: " + topic.name);
    }
    auto settings = parse_topic_settings(topic.config);
    if (!settings.ok()) {
        return settings.status();
    }
    auto created = std::make_shared<Topic>();
    created->name = topic.name;
    created->config = topic.config;
    created->settings = std::make_shared<const TopicSettings>(settings.value());
    add_partitions(*created, topic.partitions);
    topics_.emplace(topic.name, std::move(created));
    ++version_;
    return {};
}

kafka::Status Topics::erase(const std::string& name) {
    const auto found = topics_.find(name);
    if (found == topics_.end()) {
        return failure(kafka::ErrorCode::kUnknownTopic, "no such topic: " + name);
    }
    found->second->deleted = true;
    for (const auto& log : found->second->partitions) {
        log->notify_watchers();
    }
    topics_.erase(found);
    ++version_;
    return {};
}

kafka::Status Topics::grow(const std::string& name, std::int32_t partitions) {
    const auto found = topics_.find(name);
    if (found == topics_.end()) {
        return failure(kafka::ErrorCode::kUnknownTopic, "no such topic: " + name);
    }
    if (partitions <= found->second->partition_count()) {
        return failure(kafka::ErrorCode::kInvalidConfig,
                       "topic has as many partitions already: " + name);
    }
    add_partitions(*found->second, partitions);
    ++version_;
    return {};
}

std::shared_ptr<Topic> Topics::find(const std::string& name) const {
    const auto found = topics_.find(name);
    return found == topics_.end() ? nullptr : found->second;
}

std::shared_ptr<PartitionLog> Topics::find(const TopicPartition& which) const {
    const auto topic = topics_.find(which.topic);
    if (topic == topics_.end() || which.partition < 0 ||
        which.partition >= topic->second->partition_count()) {
        return nullptr;
    }
    return topic->second->partitions[static_cast<std::size_t>(which.partition)];
}

kafka::PartitionCounts Topics::counts() const {
    kafka::PartitionCounts counts;
    for (const auto& [name, topic] : topics_) {
        counts.emplace(name, topic->partition_count());
    }
    return counts;
}

}  // namespace millrace::testing::embedded
