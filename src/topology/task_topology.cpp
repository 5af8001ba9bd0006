// SPDX-License-Identifier: Apache-2.0
#include "topology/task_topology.hpp"

#include "core/check.hpp"
#include "core/exception_text.hpp"
#include "millrace/core/error.hpp"
#include "topology/source_patterns.hpp"

#include <algorithm>
#include <map>

namespace millrace::topology {

const TaskTopology::Source* TaskTopology::source_of(const std::string& topic) const {
    for (const Source& source : sources_) {
        const auto& topics = source.spec->topics;
        if (std::find(topics.begin(), topics.end(), topic) != topics.end()) {
            return &source;
        }
    }
    SourcePatterns patterns;
    std::vector<const Source*> by_pattern;
    for (const Source& source : sources_) {
        if (!source.spec->pattern.empty()) {
            patterns.add(source.spec->pattern);
            by_pattern.push_back(&source);
        }
    }
    const std::optional<std::size_t> found = patterns.find(topic);
    return found ? by_pattern[*found] : nullptr;
}

namespace {

std::unique_ptr<detail::Node> make_node(const detail::NodeSpec& spec, const std::string& task) {
    try {
        return spec.make();
    } catch (const Error&) {
        throw;
    } catch (...) {
        throw ProcessingError("cannot create node " + spec.name + ", task " + task + ": " +
                              exception_text());
    }
}

}  // namespace

TaskTopology make_task_topology(const detail::TopologySpec& spec,
                                std::span<const std::size_t> nodes, const std::string& task_name) {
    TaskTopology task;
    std::map<std::string, detail::Node*> by_name;
    for (const std::size_t index : nodes) {
        MILLRACE_CHECK(index < spec.nodes.size());
        const detail::NodeSpec& node_spec = spec.nodes[index];
        detail::Node& node = *task.nodes_.emplace_back(make_node(node_spec, task_name));
        MILLRACE_CHECK(node.name() == node_spec.name);
        by_name.emplace(node_spec.name, &node);
        for (const std::string& parent : node_spec.parents) {
            by_name.at(parent)->connect(node);
        }
        if (node_spec.kind == detail::NodeKind::kSource) {
            auto* inputs = dynamic_cast<detail::SourceInputFactory*>(&node);
            MILLRACE_CHECK(inputs != nullptr);
            task.sources_.push_back({&node_spec, &node, inputs});
        }
    }
    return task;
}

}  // namespace millrace::topology
