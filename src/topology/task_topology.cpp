// SPDX-License-Identifier: Apache-2.0
#include "topology/task_topology.hpp"

#include "core/check.hpp"
#include "core/topic_matcher.hpp"

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
    for (const Source& source : sources_) {
        const std::string& pattern = source.spec->pattern;
        if (!pattern.empty() && TopicMatcher(pattern).matches(topic)) {
            return &source;
        }
    }
    return nullptr;
}

TaskTopology make_task_topology(const detail::TopologySpec& spec,
                                std::span<const std::size_t> nodes) {
    TaskTopology task;
    std::map<std::string, detail::Node*> by_name;
    for (const std::size_t index : nodes) {
        MILLRACE_CHECK(index < spec.nodes.size());
        const detail::NodeSpec& node_spec = spec.nodes[index];
        detail::Node& node = *task.nodes_.emplace_back(node_spec.make());
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
