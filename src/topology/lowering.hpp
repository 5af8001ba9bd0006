// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/logical_graph.hpp"
#include "millrace/detail/topology_spec.hpp"

namespace millrace::topology {

/// Emits the nodes, stores and topics of an optimised program, in the order in which Kafka Streams
/// emits them: an operation follows all those above it, otherwise first written, first emitted.
/// Processors go through `wrapper`, if there is one, as they are emitted.
detail::TopologySpec lower(detail::LogicalGraph& graph, const ProcessorWrapper& wrapper);

}  // namespace millrace::topology
