// SPDX-License-Identifier: Apache-2.0
#include "topology/node_groups.hpp"

#include <map>
#include <numeric>
#include <string>

namespace millrace::topology {
namespace {

class DisjointSets {
  public:
    explicit DisjointSets(std::size_t size) : parent_(size) {
        std::iota(parent_.begin(), parent_.end(), std::size_t{0});
    }

    std::size_t root(std::size_t element) {
        while (parent_[element] != element) {
            parent_[element] = parent_[parent_[element]];
            element = parent_[element];
        }
        return element;
    }

    void unite(std::size_t a, std::size_t b) { parent_[root(a)] = root(b); }

  private:
    std::vector<std::size_t> parent_;
};

DisjointSets connect_all(const detail::TopologySpec& spec) {
    DisjointSets sets(spec.nodes.size());
    std::map<std::string, std::size_t> node_of_name;
    std::map<std::string, std::size_t> first_user_of_store;
    for (std::size_t i = 0; i < spec.nodes.size(); ++i) {
        node_of_name.emplace(spec.nodes[i].name, i);
        for (const std::string& parent : spec.nodes[i].parents) {
            sets.unite(i, node_of_name.at(parent));
        }
        for (const std::string& store : spec.nodes[i].stores) {
            sets.unite(i, first_user_of_store.emplace(store, i).first->second);
        }
    }
    return sets;
}

}  // namespace

std::vector<NodeGroup> node_groups(const detail::TopologySpec& spec) {
    DisjointSets sets = connect_all(spec);
    std::map<std::size_t, std::size_t> group_of_root;
    std::vector<NodeGroup> groups;
    for (std::size_t node = 0; node < spec.nodes.size(); ++node) {
        const auto [found, is_new] = group_of_root.emplace(sets.root(node), groups.size());
        if (is_new) {
            groups.push_back({.id = static_cast<std::int32_t>(groups.size()), .nodes = {}});
        }
        groups[found->second].nodes.push_back(node);
    }
    for (NodeGroup& group : groups) {
        for (const auto& global : spec.global_stores) {
            if (spec.nodes[group.nodes.front()].name == global.source_node) {
                group.global = &global;
            }
        }
    }
    return groups;
}

}  // namespace millrace::topology
