// SPDX-License-Identifier: Apache-2.0
#include "millrace/dsl/streams_builder.hpp"

#include "topology/lowering.hpp"
#include "topology/optimizer.hpp"

namespace millrace {

StreamsBuilder& StreamsBuilder::add_state_store(const StoreDeclaration& store) {
    detail::LogicalNode node;
    node.kind = detail::LogicalKind::kStore;
    node.name = store.name();
    node.stores.push_back({store.spec(), {}});
    graph_->add(std::move(node), {&graph_->root()});
    return *this;
}

Topology StreamsBuilder::build(const TopologyOptions& options) && {
    graph_->flags()->reproduce_kafka_defects = options.reproduce_kafka_defects;
    topology::optimize(*graph_, options);
    graph_->mark_built();
    auto spec =
        std::make_shared<detail::TopologySpec>(topology::lower(*graph_, options.processor_wrapper));
    spec->options = options;
    return Topology(std::move(spec));
}

}  // namespace millrace
