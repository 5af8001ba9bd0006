// SPDX-License-Identifier: Apache-2.0
#include "millrace/detail/dsl/steps.hpp"

#include <utility>

namespace millrace::detail {
namespace {

NodeSpec step_of(NodeKind kind, std::string name, NodeFactory make) {
    NodeSpec step;
    step.kind = kind;
    step.name = std::move(name);
    step.make = std::move(make);
    return step;
}

LogicalKind logical_kind(NodeKind kind) {
    switch (kind) {
        case NodeKind::kSource:
            return LogicalKind::kSource;
        case NodeKind::kSink:
            return LogicalKind::kSink;
        case NodeKind::kProcessor:
            break;
    }
    return LogicalKind::kProcessor;
}

}  // namespace

NodeSpec processor_step(std::string name, NodeFactory make, std::vector<std::string> parents) {
    NodeSpec step = step_of(NodeKind::kProcessor, std::move(name), std::move(make));
    step.parents = std::move(parents);
    return step;
}

NodeSpec source_step(std::string name, std::vector<std::string> topics, NodeFactory make) {
    NodeSpec step = step_of(NodeKind::kSource, std::move(name), std::move(make));
    step.topics = std::move(topics);
    return step;
}

NodeSpec sink_step(std::string name, std::vector<std::string> topics, NodeFactory make) {
    NodeSpec step = step_of(NodeKind::kSink, std::move(name), std::move(make));
    step.topics = std::move(topics);
    return step;
}

LogicalNode single_step_node(NodeSpec step) {
    LogicalNode node;
    node.kind = logical_kind(step.kind);
    node.name = step.name;
    node.add_step(std::move(step));
    return node;
}

}  // namespace millrace::detail
