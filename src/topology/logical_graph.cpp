// SPDX-License-Identifier: Apache-2.0
#include "millrace/detail/graph/logical_graph.hpp"

#include "millrace/core/error.hpp"
#include "topology/spec_builder.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace millrace::detail {
namespace {

/// The verb that adds a node of that kind.
std::string verb_of(LogicalKind kind) {
    switch (kind) {
        case LogicalKind::kSource:
            return "stream()";
        case LogicalKind::kTableSource:
            return "table()";
        case LogicalKind::kGlobalStore:
            return "global_table() or add_global_store()";
        case LogicalKind::kSink:
            return "to()";
        case LogicalKind::kRepartition:
            return "repartition()";
        default:
            return "the topology";
    }
}

void check_topics(const LogicalNode& node) {
    for (const NodeSpec& step : node.steps) {
        for (const std::string& topic : step.topics) {
            topology::check_name("topic of " + verb_of(node.kind) + ", node " + step.name, topic);
        }
    }
}

}  // namespace

void require_one_builder(const LogicalGraph& graph_of_one, const LogicalGraph& graph_of_other,
                         const std::string& one, const std::string& other) {
    if (&graph_of_one != &graph_of_other) {
        throw TopologyError("streams and tables of two builders cannot be combined: " + one +
                            " and " + other + "; create all of them with one StreamsBuilder");
    }
}

void link(LogicalNode& parent, LogicalNode& child) {
    const auto add_once = [](std::vector<LogicalNode*>& list, LogicalNode& node) {
        if (std::find(list.begin(), list.end(), &node) == list.end()) {
            list.push_back(&node);
        }
    };
    add_once(parent.children, child);
    add_once(child.parents, parent);
}

void unlink(LogicalNode& parent, LogicalNode& child) {
    std::erase(parent.children, &child);
    std::erase(child.parents, &parent);
}

LogicalNode::LogicalNode() = default;
LogicalNode::LogicalNode(const LogicalNode&) = default;
LogicalNode::LogicalNode(LogicalNode&&) noexcept = default;
LogicalNode& LogicalNode::operator=(const LogicalNode&) = default;
LogicalNode& LogicalNode::operator=(LogicalNode&&) noexcept = default;
LogicalNode::~LogicalNode() = default;

void LogicalNode::add_step(NodeSpec step) {
    steps.push_back(std::move(step));
}
void LogicalNode::add_store(LogicalStore store) {
    stores.push_back(std::move(store));
}

LogicalGraph::LogicalGraph() {
    LogicalNode& root = nodes_.emplace_back();
    root.graph = this;
    root.kind = LogicalKind::kRoot;
    root.name = "root";
}

LogicalNode& LogicalGraph::add(LogicalNode node, const std::vector<LogicalNode*>& parents) {
    if (built_) {
        throw TopologyError("the topology is already built, so " + node.name +
                            " cannot be added; call build last");
    }
    for (const LogicalNode* parent : parents) {
        require_one_builder(*this, *parent->graph, node.name, parent->name);
    }
    check_topics(node);
    LogicalNode& added = nodes_.emplace_back(std::move(node));
    added.graph = this;
    for (LogicalNode* parent : parents) {
        add_again(added, *parent);
    }
    return added;
}

void LogicalGraph::add_again(LogicalNode& node, LogicalNode& parent) {
    link(parent, node);
    node.build_priority = next_priority_++;
}

std::string LogicalGraph::new_name(std::string_view prefix) {
    std::string digits = std::to_string(next_index_++);
    constexpr std::size_t kDigits = 10;
    digits.insert(0, kDigits - std::min(kDigits, digits.size()), '0');
    return std::string(prefix) + digits;
}

std::string LogicalGraph::new_store_name(std::string_view prefix) {
    return new_name(std::string(prefix) + "STATE-STORE-");
}

std::string LogicalGraph::name_or_new(const std::string& given, std::string_view prefix) {
    return suffixed_or_new(given, "", prefix);
}

std::string LogicalGraph::suffixed_or_new(const std::string& given, std::string_view suffix,
                                          std::string_view prefix) {
    std::string generated = new_name(prefix);
    if (given.empty()) {
        return generated;
    }
    std::string name = given + std::string(suffix);
    topology::check_name("node", name);
    return name;
}

void LogicalGraph::copartition(std::set<std::string> sources) {
    copartition_groups_.push_back(std::move(sources));
}

WindowClose close_above(const LogicalNode& node) {
    if (node.closes) {
        return *node.closes;
    }
    if (node.parents.empty()) {
        throw TopologyError(
            "suppress(UntilWindowCloses) needs a windowed aggregation upstream; none found above " +
            node.name);
    }
    WindowClose latest;
    for (const LogicalNode* parent : node.parents) {
        const WindowClose close = close_above(*parent);
        latest.grace = std::max(latest.grace, close.grace);
        latest.inclusive_ends = latest.inclusive_ends || close.inclusive_ends;
    }
    return latest;
}

bool has_versions(const LogicalNode& node) {
    if (node.versioned) {
        return *node.versioned;
    }
    return !node.parents.empty() &&
           std::all_of(node.parents.begin(), node.parents.end(),
                       [](const LogicalNode* parent) { return has_versions(*parent); });
}

}  // namespace millrace::detail
