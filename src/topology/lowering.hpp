// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/graph/logical_graph.hpp"
#include "millrace/detail/graph/topology_spec.hpp"

namespace millrace::topology {

/// Emits the nodes, stores and topics of an optimised topology in Kafka Streams' order: an
/// operation follows all its upstream operations; otherwise in the order of definition. Processors
/// are passed to `wrapper`, if there is one, when they are emitted.
detail::TopologySpec lower(detail::LogicalGraph& graph, const ProcessorWrapper& wrapper);

}  // namespace millrace::topology
