// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/graph/topology_spec.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace millrace::topology {

/// An internal topic as it must exist on the broker.
struct InternalTopic {
    std::string name;                           ///< Full name.
    std::map<std::string, std::string> config;  ///< Kafka's topic settings.
    std::int32_t enforced_partitions = 0;       ///< 0: derived, see sub_topologies.cpp.
    std::set<std::string>
        fixed{};  ///< Part of `config` that settings for all topics do not override.
};

/// A connected part of the graph. Its tasks are named <id>_<partition>.
struct SubTopology {
    std::int32_t id = 0;
    std::vector<std::size_t> nodes;          ///< Indices into TopologySpec::nodes, ascending.
    std::vector<std::size_t> stores;         ///< Indices into TopologySpec::stores, in the order
                                             ///< in which commits flush them.
    std::vector<std::string> source_topics;  ///< Full names, without pattern matches.
    std::vector<std::string> source_patterns;
    std::vector<std::string> sink_topics;                            ///< Full names of fixed ones.
    std::map<std::string, InternalTopic> repartition_source_topics;  ///< By full name.
    std::map<std::string, InternalTopic> changelogs;  ///< By store name; without source topics.
};

/// The topology of one application: application.id is part of all internal names.
struct ApplicationTopology {
    std::string application_id;
    const detail::TopologySpec* spec = nullptr;
    std::vector<SubTopology> sub_topologies;                   ///< By id; without global ones.
    std::vector<std::vector<std::string>> copartition_groups;  ///< Full names.
};

/// Kafka Streams' default of windowstore.changelog.additional.retention.ms.
inline constexpr std::chrono::milliseconds kAdditionalRetention = std::chrono::hours(24);

/// Splits `spec` into its connected parts (through edges and shared stores), numbered like Kafka
/// Streams' sub-topologies, and derives all internal topics. The retention of window and session
/// changelogs is that of the store plus `additional_retention`. `spec` must outlive the result.
/// Throws TopologyError if the name of an internal topic is too long for Kafka.
ApplicationTopology split(const detail::TopologySpec& spec, const std::string& application_id,
                          std::chrono::milliseconds additional_retention = kAdditionalRetention);

/// All of `spec` except global stores, as one part with number 0. The test driver runs it.
SubTopology as_one_part(const detail::TopologySpec& spec, const std::string& application_id);

/// The partition counts of all repartition topics and changelogs, and the task counts of all
/// sub-topologies, for the given partition counts of existing topics. Changelogs of a sub-topology
/// without tasks (no topic matches its pattern) are omitted. Throws a TopologyError with the topic
/// names if co-partitioned topics differ or a source topic is missing.
struct PartitionPlan {
    std::map<std::string, std::int32_t> internal_topics;  ///< Full name to partitions.
    std::vector<std::int32_t> tasks;                      ///< By sub-topology.
};
PartitionPlan plan_partitions(const ApplicationTopology& application,
                              const std::map<std::string, std::int32_t>& existing);

}  // namespace millrace::topology
