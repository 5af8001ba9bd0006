// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/logical_graph.hpp"
#include "millrace/processor/topology_options.hpp"

namespace millrace::topology {

/// Rewrites the program as written into the one to be run: equal sources become one, the
/// optimisations asked for are applied, and nodes learn what depends on the whole program. Throws
/// TopologyError for what can only be seen in the whole.
void optimize(detail::LogicalGraph& graph, const TopologyOptions& options);

}  // namespace millrace::topology
