// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/graph/topology_spec.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace millrace::topology {

/// Adds to a topology, one checked step at a time. Every member throws TopologyError, and changes
/// nothing, if the addition does not fit the topology.
class SpecBuilder {
  public:
    explicit SpecBuilder(detail::TopologySpec& spec) : spec_(&spec) {}

    /// A source, processor or sink. Its parents and topics are checked, and its stores connected.
    /// Processors are passed to the topology's wrapper, if there is one.
    void add_node(detail::NodeSpec node);

    void add_store(detail::StoreSpec store);

    /// No effect if they are already connected.
    void connect(const std::string& processor, const std::string& store);

    /// A store that every instance fills from all partitions of `source.topics.front()` through
    /// `processor`.
    void add_global_store(detail::StoreSpec store, detail::NodeSpec source,
                          detail::NodeSpec processor);

    void add_repartition_topic(detail::RepartitionTopic topic);

    /// The topics of these source nodes must have equal partition counts.
    void copartition(const std::vector<std::string>& source_nodes);

    const detail::TopologySpec& spec() const noexcept { return *spec_; }

  private:
    detail::NodeSpec* find_node(const std::string& name);
    void check_new_name(const std::string& name);
    void check_source(const detail::NodeSpec& node);
    void check_parents(const detail::NodeSpec& node);
    void check_topic_unread(const std::string& topic);
    void check_new_store(const std::string& name);
    bool is_shared_by_wrapper(const detail::StoreSpec& store, const std::string& processor);
    void add_wrapper_store(detail::StoreSpec store, const std::string& processor);

    detail::TopologySpec* spec_;
};

/// The store of that name, or null.
const detail::StoreSpec* find_store(const detail::TopologySpec& spec, const std::string& name);
const detail::GlobalStoreSpec* find_global_store(const detail::TopologySpec& spec,
                                                 const std::string& name);

/// Throws TopologyError unless Kafka allows `name` for topics: 1 to 249 letters, digits, '.', '_'
/// and '-'. `what` describes the named object in the message.
void check_name(const std::string& what, const std::string& name);

}  // namespace millrace::topology
