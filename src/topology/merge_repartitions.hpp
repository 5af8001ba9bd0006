// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/graph/logical_graph.hpp"

namespace millrace::topology {

/// Replaces the repartition topics downstream of each key change by one directly after it, if
/// values do not change in between. It keeps the name of the first. If several changed streams are
/// merged, the topic follows the merge.
///
/// `reproduce_defects`: throws TopologyError where Kafka Streams 4.4 does (two groupings downstream
/// of one node after the key change).
void merge_repartitions(detail::LogicalGraph& graph, bool reproduce_defects);

}  // namespace millrace::topology
