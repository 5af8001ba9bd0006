// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/graph/topology_spec.hpp"
#include "millrace/detail/nodes/node.hpp"
#include "millrace/detail/nodes/source_input.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace millrace::topology {

/// The nodes of one task, connected and not yet initialised. Not thread-safe.
class TaskTopology {
  public:
    /// A source node.
    struct Source {
        const detail::NodeSpec* spec;
        detail::Node* node;
        detail::SourceInputFactory* inputs;
    };

    /// In the order added to the topology, parents first.
    const std::vector<std::unique_ptr<detail::Node>>& nodes() const noexcept { return nodes_; }

    /// In the same order.
    const std::vector<Source>& sources() const noexcept { return sources_; }

    /// The source that reads `topic` (an internal topic by its name without application.id), by
    /// name or otherwise by pattern; null: none. Throws TopologyError if the patterns of two
    /// sources match it.
    const Source* source_of(const std::string& topic) const;

  private:
    friend TaskTopology make_task_topology(const detail::TopologySpec& spec,
                                           std::span<const std::size_t> nodes,
                                           const std::string& task_name);

    std::vector<std::unique_ptr<detail::Node>> nodes_;
    std::vector<Source> sources_;
};

/// Creates the nodes with these indices into `spec.nodes` (ascending) and connects them. `spec`
/// must outlive the result. Throws TopologyError if the record types at the ends of an edge differ,
/// and ProcessingError, which names the node and `task_name`, if user code throws.
TaskTopology make_task_topology(const detail::TopologySpec& spec,
                                std::span<const std::size_t> nodes, const std::string& task_name);

}  // namespace millrace::topology
