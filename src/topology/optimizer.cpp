// SPDX-License-Identifier: Apache-2.0
#include "topology/optimizer.hpp"

#include "millrace/core/error.hpp"
#include "topology/merge_repartitions.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace millrace::topology {
namespace {

using detail::LogicalGraph;
using detail::LogicalKind;
using detail::LogicalNode;

void take_children(LogicalNode& kept, LogicalNode& duplicate) {
    const std::vector<LogicalNode*> children = duplicate.children;
    for (LogicalNode* child : children) {
        detail::unlink(duplicate, *child);
        detail::link(kept, *child);
    }
}

bool overlap(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    const std::set<std::string> in_a(a.begin(), a.end());
    for (const std::string& topic : b) {
        if (in_a.contains(topic)) {
            return true;
        }
    }
    return false;
}

// A topic that is streamed twice is read once.
void merge_duplicate_sources(LogicalGraph& graph) {
    std::vector<LogicalNode*> kept;
    const std::vector<LogicalNode*> candidates = graph.root().children;
    for (LogicalNode* node : candidates) {
        if (node->kind != LogicalKind::kSource) {
            continue;
        }
        const detail::NodeSpec& source = node->steps.front();
        bool merged = false;
        for (LogicalNode* other : kept) {
            const detail::NodeSpec& known = other->steps.front();
            const bool same = source.pattern.empty() ? source.topics == known.topics
                                                     : source.pattern == known.pattern;
            if (same) {
                if (source.offset_reset != known.offset_reset) {
                    throw TopologyError("sources " + known.name + " and " + source.name +
                                        " read the same topics from different offsets");
                }
                take_children(*other, *node);
                detail::unlink(graph.root(), *node);
                for (auto& group : graph.copartition_groups()) {
                    if (group.erase(node->name) > 0) {
                        group.insert(other->name);
                    }
                }
                merged = true;
                break;
            }
            if (overlap(known.topics, source.topics)) {
                throw TopologyError("sources " + known.name + " and " + source.name +
                                    " read overlapping but different sets of topics; read the "
                                    "common topics separately and merge the streams");
            }
        }
        if (!merged) {
            kept.push_back(node);
        }
    }
}

void reuse_source_topics(LogicalGraph& graph) {
    for (LogicalNode& node : graph.nodes()) {
        for (detail::LogicalStore& store : node.stores) {
            if (!store.reusable_topic.empty()) {
                store.spec.source_topic = store.reusable_topic;
            }
        }
    }
}

// Both sides of a self-join have the same parent; the right window node is not needed then.
void rewrite_self_joins(LogicalGraph& graph, bool reproduce_defects) {
    for (LogicalNode& join : graph.nodes()) {
        if (join.kind != LogicalKind::kStreamJoin || !join.self_join || join.parents.size() != 1) {
            continue;
        }
        if (join.takes_null_keys && !reproduce_defects) {
            continue;  // A left or outer join must also send unmatched records.
        }
        LogicalNode& parent = *join.parents.front();
        const std::vector<LogicalNode*> children = parent.children;
        for (LogicalNode* child : children) {
            if (child->name == join.self_join->right_window_node) {
                detail::unlink(parent, *child);
            }
        }
        join.steps = join.self_join->steps;
        join.stores = join.self_join->stores;
    }
}

bool reaches_relaxed_join(const LogicalNode& node, std::map<const LogicalNode*, bool>& known) {
    const auto [found, is_new] = known.emplace(&node, false);
    if (is_new) {
        bool reaches = false;
        for (const LogicalNode* child : node.children) {
            reaches = child->takes_null_keys || reaches_relaxed_join(*child, known) || reaches;
        }
        known[&node] = reaches;
        return reaches;
    }
    return found->second;
}

void keep_null_keys_above_relaxed_joins(LogicalGraph& graph) {
    std::map<const LogicalNode*, bool> known;
    for (LogicalNode& node : graph.nodes()) {
        if (node.repartition) {
            node.repartition->keep_null_keys =
                node.repartition->keep_null_keys || reaches_relaxed_join(node, known);
        }
    }
}

void tell_about_versions(LogicalGraph& graph) {
    for (LogicalNode& node : graph.nodes()) {
        for (const detail::VersionAware& aware : node.version_aware) {
            if (detail::has_versions(*aware.parent)) {
                aware.state->versioned_input = true;
            }
        }
        if (node.suppresses && !node.parents.empty() &&
            detail::has_versions(*node.parents.front())) {
            throw TopologyError(
                "suppression " + node.name +
                " is downstream of a versioned table; only unversioned tables can be suppressed");
        }
    }
}

void require_explicit_names(LogicalGraph& graph) {
    std::string unnamed;
    const auto add = [&unnamed](const std::string& name) {
        unnamed += (unnamed.empty() ? "" : ", ") + name;
    };
    for (const LogicalNode& node : graph.nodes()) {
        for (const detail::LogicalStore& store : node.stores) {
            if (store.name_is_generated && (!store.only_if || store.only_if->materialized)) {
                add("store " + store.spec.name);
            }
        }
        if (node.repartition && node.repartition->name_is_generated) {
            add("repartition topic " + node.repartition->topic);
        }
    }
    if (!unnamed.empty()) {
        throw TopologyError("explicit names are required, but these were generated: " + unnamed +
                            "; name them in the options of the verbs that create them");
    }
}

}  // namespace

void optimize(LogicalGraph& graph, const TopologyOptions& options) {
    merge_duplicate_sources(graph);
    if (options.reuse_source_topics) {
        reuse_source_topics(graph);
    }
    if (options.merge_repartition_topics) {
        merge_repartitions(graph, options.reproduce_kafka_defects);
    }
    if (options.single_store_self_join) {
        rewrite_self_joins(graph, options.reproduce_kafka_defects);
    }
    keep_null_keys_above_relaxed_joins(graph);
    tell_about_versions(graph);
    if (options.require_explicit_names) {
        require_explicit_names(graph);
    }
}

}  // namespace millrace::topology
