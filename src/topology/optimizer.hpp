// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/graph/logical_graph.hpp"
#include "millrace/processor/topology_options.hpp"

namespace millrace::topology {

/// Rewrites the logical graph into the one to run: merges equal sources, applies the selected
/// optimisations, and sets node properties that depend on the whole topology. Throws TopologyError
/// for errors that only the whole topology shows.
void optimize(detail::LogicalGraph& graph, const TopologyOptions& options);

}  // namespace millrace::topology
