// SPDX-License-Identifier: Apache-2.0
#include "millrace/dsl/topology_builder.hpp"
#include "topology/spec_builder.hpp"

#include <utility>

namespace millrace {

TopologyBuilder::TopologyBuilder() = default;

TopologyBuilder::TopologyBuilder(ProcessorWrapper wrapper) {
    spec_.processor_wrapper = std::move(wrapper);
}

TopologyBuilder::TopologyBuilder(const Topology& topology) : spec_(topology.spec()) {}

void TopologyBuilder::add(detail::NodeSpec node) {
    topology::SpecBuilder(spec_).add_node(std::move(node));
}

TopologyBuilder& TopologyBuilder::add_state_store(const StoreDeclaration& store,
                                                  const std::vector<std::string>& processors) {
    topology::SpecBuilder builder(spec_);
    builder.add_store(store.spec());
    for (const std::string& processor : processors) {
        builder.connect(processor, store.name());
    }
    return *this;
}

TopologyBuilder& TopologyBuilder::connect(const std::string& processor,
                                          const std::vector<std::string>& stores) {
    topology::SpecBuilder builder(spec_);
    for (const std::string& store : stores) {
        builder.connect(processor, store);
    }
    return *this;
}

void TopologyBuilder::add_global(detail::StoreSpec store, detail::NodeSpec source,
                                 detail::NodeSpec processor) {
    topology::SpecBuilder(spec_).add_global_store(std::move(store), std::move(source),
                                                  std::move(processor));
}

void TopologyBuilder::bring(const StoreDeclaration& store, const std::string& processor) {
    topology::SpecBuilder builder(spec_);
    if (topology::find_store(spec_, store.name()) == nullptr ||
        spec_.wrapper_stores.contains(store.name())) {
        builder.add_store(store.spec());
    }
    builder.connect(processor, store.name());
}

Topology TopologyBuilder::build() const {
    return Topology(std::make_shared<const detail::TopologySpec>(spec_));
}

}  // namespace millrace
