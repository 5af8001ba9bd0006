// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/graph/topology_spec.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace::topology {

/// Nodes that are connected through edges or shared stores.
struct NodeGroup {
    std::int32_t id = 0;
    std::vector<std::size_t> nodes;  ///< Indices into TopologySpec::nodes, ascending.
    const detail::GlobalStoreSpec* global = nullptr;  ///< Set: the group that fills this store.
};

/// All groups, numbered like Kafka Streams' sub-topologies: in the order in which their first nodes
/// were added. Groups of global stores are numbered, too.
std::vector<NodeGroup> node_groups(const detail::TopologySpec& spec);

}  // namespace millrace::topology
