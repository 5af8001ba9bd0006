// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/topology_spec.hpp"

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
    std::string name;                           ///< Full.
    std::map<std::string, std::string> config;  ///< Kafka's topic settings.
    std::int32_t enforced_partitions = 0;       ///< 0: derived, see sub_topologies.cpp.
    std::set<std::string> fixed{};  ///< Of `config`: what settings for all topics do not change.
};

/// One connected part of the graph: its tasks are numbered <id>_<partition>.
struct SubTopology {
    std::int32_t id = 0;
    std::vector<std::size_t> nodes;          ///< Indices into TopologySpec::nodes, ascending.
    std::vector<std::size_t> stores;         ///< Indices into TopologySpec::stores, in the order
                                             ///< in which commits flush them.
    std::vector<std::string> source_topics;  ///< Full names, without pattern matches.
    std::vector<std::string> source_patterns;
    std::vector<std::string> sink_topics;                            ///< Full names of fixed ones.
    std::map<std::string, InternalTopic> repartition_source_topics;  ///< By full name.
    std::map<std::string, InternalTopic> changelogs;                 ///< By store name; only those
                                                      ///< of our own, not source topics.
};

/// A topology as one application sees it: the application.id is in all internal names.
struct ApplicationTopology {
    std::string application_id;
    const detail::TopologySpec* spec = nullptr;
    std::vector<SubTopology> sub_topologies;                   ///< By id; without global ones.
    std::vector<std::vector<std::string>> copartition_groups;  ///< Full names.
};

/// Kafka Streams' default of windowstore.changelog.additional.retention.ms.
inline constexpr std::chrono::milliseconds kAdditionalRetention = std::chrono::hours(24);

/// Splits `spec` into its connected parts (through edges and shared stores), numbered as Kafka
/// Streams numbers them, and derives all internal topics. Changelogs of window and session stores
/// are kept for `additional_retention` longer than the stores. `spec` must outlive the result.
ApplicationTopology split(const detail::TopologySpec& spec, const std::string& application_id,
                          std::chrono::milliseconds additional_retention = kAdditionalRetention);

/// The whole of `spec`, but for global stores, as one part with number 0: what the test driver
/// runs.
SubTopology as_one_part(const detail::TopologySpec& spec, const std::string& application_id);

/// How many partitions each repartition topic and changelog must have and how many tasks each
/// sub-topology gets, given the partition counts of the topics that exist. Nothing is said of
/// changelogs of a sub-topology that has no tasks, as no topic matches its pattern. Throws
/// TopologyError when co-partitioned topics differ or a source topic is missing, naming them.
struct PartitionPlan {
    std::map<std::string, std::int32_t> internal_topics;  ///< Full name to partitions.
    std::vector<std::int32_t> tasks;                      ///< By sub-topology.
};
PartitionPlan plan_partitions(const ApplicationTopology& application,
                              const std::map<std::string, std::int32_t>& existing);

}  // namespace millrace::topology
