// SPDX-License-Identifier: Apache-2.0
#include "topology/describe.hpp"

#include "topology/java_hash_order.hpp"
#include "topology/node_groups.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace millrace::topology {
namespace {

using detail::NodeKind;
using detail::NodeSpec;

struct Described;

/// Larger nodes first, then by name.
struct LargerFirst {
    bool operator()(const Described* a, const Described* b) const;
};

/// Neighbours are inserted while sizes still grow, so an early one may be where a later search does
/// not find it. That order is printed. A multiset descends and rebalances like java.util.TreeSet,
/// and never searches again.
using Neighbours = std::multiset<const Described*, LargerFirst>;

struct Described {
    explicit Described(const NodeSpec& node) : spec(&node) {}

    const NodeSpec* spec;
    std::size_t size = 1;  ///< Nodes reachable from this one, counted once for each path.
    Neighbours predecessors{};
    Neighbours successors{};
    std::vector<Described*> parents{};
};

bool LargerFirst::operator()(const Described* a, const Described* b) const {
    return a->size != b->size ? a->size > b->size : a->spec->name < b->spec->name;
}

void grow(Described& node, std::size_t by) {
    node.size += by;
    for (Described* parent : node.parents) {
        grow(*parent, by);
    }
}

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words) {
        out += (out.empty() ? "" : ", ") + word;
    }
    return out;
}

std::string names_of(const Neighbours& nodes) {
    std::vector<std::string> names;
    for (const Described* node : nodes) {
        names.push_back(node->spec->name);
    }
    return names.empty() ? "none" : joined(names);
}

std::string text_of(const Described& node) {
    const NodeSpec& spec = *node.spec;
    const std::string successors = "\n      --> " + names_of(node.successors);
    const std::string predecessors = "\n      <-- " + names_of(node.predecessors);
    switch (spec.kind) {
        case NodeKind::kSource: {
            const std::string topics = spec.pattern.empty()
                                           ? "[" + joined(java_hash_copy_order(spec.topics)) + "]"
                                           : spec.pattern;
            return "Source: " + spec.name + " (topics: " + topics + ")" + successors;
        }
        case NodeKind::kProcessor: {
            const auto stores = java_hash_copy_order(java_hash_order(spec.stores));
            return "Processor: " + spec.name + " (stores: [" + joined(stores) + "])" + successors +
                   predecessors;
        }
        case NodeKind::kSink: {
            const std::string target =
                spec.topics.empty() ? "extractor class: callable" : "topic: " + spec.topics.front();
            return "Sink: " + spec.name + " (" + target + ")" + predecessors;
        }
    }
    return {};
}

std::string text_of(const detail::TopologySpec& spec, const NodeGroup& group) {
    std::map<std::string, std::unique_ptr<Described>> nodes;
    std::vector<std::string> names;
    for (const std::size_t index : group.nodes) {
        const NodeSpec& node = spec.nodes[index];
        names.push_back(node.name);
        nodes.emplace(node.name, std::make_unique<Described>(node));
    }
    for (const std::string& name : java_hash_order(names)) {
        Described& node = *nodes.at(name);
        for (const std::string& parent_name : node.spec->parents) {
            Described& parent = *nodes.at(parent_name);
            node.predecessors.insert(&parent);
            node.parents.push_back(&parent);
            parent.successors.insert(&node);
            grow(parent, node.size);
        }
    }

    std::vector<const Described*> sorted;
    for (const auto& [name, node] : nodes) {
        sorted.push_back(node.get());
    }
    std::sort(sorted.begin(), sorted.end(), LargerFirst{});

    std::string out =
        "Sub-topology: " + std::to_string(group.id) +
        (group.global != nullptr ? " for global store (will not generate tasks)\n" : "\n");
    for (const Described* node : sorted) {
        out += "    " + text_of(*node) + "\n";
    }
    return group.global != nullptr ? out : out + "\n";
}

}  // namespace

std::string describe(const detail::TopologySpec& spec) {
    std::string out = "Topologies:\n ";
    for (const NodeGroup& group : node_groups(spec)) {
        out += "  " + text_of(spec, group);
    }
    return out;
}

}  // namespace millrace::topology
