// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/topology_spec.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace::topology {

/// Nodes that hang together through edges or shared stores.
struct NodeGroup {
    std::int32_t id = 0;
    std::vector<std::size_t> nodes;  ///< Indices into TopologySpec::nodes, ascending.
    const detail::GlobalStoreSpec* global = nullptr;  ///< Set: the group that fills this store.
};

/// All groups, numbered as Kafka Streams numbers sub-topologies: in the order in which their first
/// nodes were added. Groups of global stores take numbers, too.
std::vector<NodeGroup> node_groups(const detail::TopologySpec& spec);

}  // namespace millrace::topology
