// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/thread_annotations.hpp"
#include "kafka/admin.hpp"
#include "topology/sub_topologies.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace millrace::runtime {

/// Creates the repartition and changelog topics of an application and checks existing ones: before
/// any thread subscribes, and after every rebalance. Concurrent calls by several instances are
/// safe.
///
/// Errors: KafkaError if source topics are missing, if an internal topic has the wrong number of
/// partitions, or if the cluster refuses to create one. TopologyError if co-partitioned topics
/// differ. Thread-safe; one thread checks at a time.
class InternalTopics {
  public:
    struct Options {
        std::int16_t replication_factor = -1;
        std::map<std::string, std::string> config{};  ///< Settings for all ("topic." in files).
    };

    /// `application` and `admin` must outlive this.
    InternalTopics(const topology::ApplicationTopology& application, kafka::Admin& admin,
                   Options options);

    /// True if all topics exist and are correct. False if the cluster does not respond, with the
    /// `reason`, or, without a reason, while another thread is checking: retry. Waits up to
    /// `timeout` for each response.
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
    Mutex checking_;  // Held by the thread that checks; guards no member.
};

}  // namespace millrace::runtime
