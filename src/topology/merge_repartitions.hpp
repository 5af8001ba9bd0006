// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/logical_graph.hpp"

namespace millrace::topology {

/// Replaces the repartition topics below each change of the key by one that follows it at once, as
/// long as values do not change in between; it keeps the name of the first. Where several changed
/// streams are merged, the topic follows the merge.
///
/// `reproduce_defects`: throws TopologyError where Kafka Streams 4.3 does (two groupings behind one
/// node behind the key change).
void merge_repartitions(detail::LogicalGraph& graph, bool reproduce_defects);

}  // namespace millrace::topology
