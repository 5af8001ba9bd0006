// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/admin.hpp"
#include "kafka/group.hpp"
#include "kafka/status.hpp"
#include "testing/embedded/log/partition_log.hpp"
#include "testing/embedded/log/topic_settings.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace millrace::testing::embedded {

/// A topic. Clients that keep it across calls must check `deleted`.
struct Topic {
    std::string name;
    std::map<std::string, std::string> config;  ///< As set by its creator.
    std::shared_ptr<const TopicSettings> settings;
    std::vector<std::shared_ptr<PartitionLog>> partitions;
    bool deleted = false;
    Partition next_keyless = 0;  ///< For records that a test writes without a producer.

    std::int32_t partition_count() const noexcept {
        return static_cast<std::int32_t>(partitions.size());
    }
};

/// The topics of a cluster, by name. Threads: guarded by the cluster's mutex.
class Topics {
  public:
    /// Errors: kTopicExists, kInvalidConfig (name, number of partitions or a setting).
    kafka::Status create(const kafka::NewTopic& topic);

    /// Errors: kUnknownTopic.
    kafka::Status erase(const std::string& name);

    /// Adds partitions to a topic. Errors: kUnknownTopic, kInvalidConfig if it already has that
    /// many.
    kafka::Status grow(const std::string& name, std::int32_t partitions);

    /// Null when there is none.
    std::shared_ptr<Topic> find(const std::string& name) const;
    std::shared_ptr<PartitionLog> find(const TopicPartition& which) const;

    kafka::PartitionCounts counts() const;
    const std::map<std::string, std::shared_ptr<Topic>>& all() const noexcept { return topics_; }

    /// Changes when a topic is created, deleted or grown.
    std::uint64_t version() const noexcept { return version_; }

  private:
    std::map<std::string, std::shared_ptr<Topic>> topics_;
    std::uint64_t version_ = 0;
};

}  // namespace millrace::testing::embedded
