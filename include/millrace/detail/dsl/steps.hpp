// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/core/factory.hpp"
#include "millrace/detail/graph/logical_graph.hpp"
#include "millrace/detail/nodes/node.hpp"

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace millrace::detail {

// How verbs build nodes: a step becomes one node of the running topology, a logical node has one
// step or several. Only the factory of a step has types.

template <class T>
const T& of_task(const T& shared) {
    return shared;
}
template <class T>
std::unique_ptr<T> of_task(const Factory<T>& factory) {
    return factory();
}

/// A factory of nodes N(name, args...). Copies `args` for each task; replaces an argument that is a
/// Factory by an object that it creates.
template <class N, class... Args>
NodeFactory factory_of(std::string name, Args... args) {
    return [name = std::move(name), args...]() -> std::unique_ptr<Node> {
        return std::unique_ptr<Node>(new N(name, of_task(args)...));
    };
}

/// Steps of the three kinds. Without `parents`, the step receives the output of the parents of its
/// logical node.
NodeSpec processor_step(std::string name, NodeFactory make, std::vector<std::string> parents = {});
NodeSpec source_step(std::string name, std::vector<std::string> topics, NodeFactory make);
NodeSpec sink_step(std::string name, std::vector<std::string> topics, NodeFactory make);

/// A logical node of one step, with its name.
LogicalNode single_step_node(NodeSpec step);

/// A logical node of one processor N(name, args...).
template <class N, class... Args>
LogicalNode processor_node(const std::string& name, Args... args) {
    return single_step_node(processor_step(name, factory_of<N>(name, std::move(args)...)));
}

}  // namespace millrace::detail
