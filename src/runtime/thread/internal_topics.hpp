// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/admin.hpp"
#include "topology/sub_topologies.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace millrace::runtime {

/// Creates the repartition and changelog topics of an application and checks those that exist:
/// before any thread subscribes, and again after every round of the group. Instances that do so at
/// the same time do not disturb each other.
///
/// Errors: KafkaError when source topics are missing, when an internal topic has another number of
/// partitions than it must have, or when the cluster refuses to create one. TopologyError when
/// co-partitioned topics differ. Thread-safe; one thread looks at a time.
class InternalTopics {
  public:
    struct Options {
        std::int16_t replication_factor = -1;
        std::map<std::string, std::string> config{};  ///< Settings for all ("topic." in files).
    };

    /// `application` and `admin` must outlive this.
    InternalTopics(const topology::ApplicationTopology& application, kafka::Admin& admin,
                   Options options);

    /// True when all topics are there and right. False when the cluster does not answer, as
    /// `reason` says, or, without a reason, while another thread is looking: try again. Waits up to
    /// `timeout` for each answer.
    bool prepare(std::chrono::milliseconds timeout, std::string& reason);

  private:
    struct Internal {
        const topology::InternalTopic* topic;
        bool repartition;
    };

    bool look(std::chrono::milliseconds timeout, std::string& reason);
    kafka::Result<kafka::PartitionCounts> describe(std::chrono::milliseconds timeout);
    void check_sources(const kafka::PartitionCounts& existing) const;
    std::vector<kafka::NewTopic> missing(const topology::PartitionPlan& plan,
                                         const kafka::PartitionCounts& existing) const;
    kafka::Status create(const std::vector<kafka::NewTopic>& topics,
                         std::chrono::milliseconds timeout);
    std::string inputs_of(const std::string& internal_topic,
                          const kafka::PartitionCounts& existing) const;

    const topology::ApplicationTopology& application_;
    kafka::Admin& admin_;
    Options options_;
    std::map<std::string, Internal> internal_;
    std::mutex mutex_;
};

}  // namespace millrace::runtime
