// SPDX-License-Identifier: Apache-2.0
#include "millrace/dsl/streams_builder.hpp"

#include "topology/lowering.hpp"
#include "topology/optimizer.hpp"

namespace millrace {

Topology StreamsBuilder::build(const TopologyOptions& options) && {
    topology::optimize(*graph_, options);
    graph_->mark_built();
    return Topology(std::make_shared<const detail::TopologySpec>(topology::lower(*graph_)));
}

}  // namespace millrace
