// SPDX-License-Identifier: Apache-2.0
#include "topology/merge_repartitions.hpp"

#include "millrace/core/error.hpp"
#include "millrace/detail/dsl/dsl_graph.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace millrace::topology {
namespace {

using detail::LogicalGraph;
using detail::LogicalNode;

using Predicate = std::function<bool(const LogicalNode&)>;

// The node itself or the nearest upstream node, on the first path that has one.
LogicalNode* find_upwards(LogicalNode& node, const Predicate& wanted) {
    if (wanted(node)) {
        return &node;
    }
    for (LogicalNode* parent : node.parents) {
        if (LogicalNode* found = find_upwards(*parent, wanted); found != nullptr) {
            return found;
        }
    }
    return nullptr;
}

bool is_child_of(const LogicalNode& node, const LogicalNode& parent) {
    return std::find(node.parents.begin(), node.parents.end(), &parent) != node.parents.end();
}

LogicalNode* step_below(LogicalNode& from, const LogicalNode& above) {
    return find_upwards(from, [&](const LogicalNode& node) { return is_child_of(node, above); });
}

bool is_below(const LogicalNode& node, const LogicalNode& above) {
    return &node == &above ||
           std::any_of(node.parents.begin(), node.parents.end(),
                       [&](const LogicalNode* parent) { return is_below(*parent, above); });
}

/// True if every record that reaches `node` has passed `gate` and kept its key since.
bool is_reached_only_through(const LogicalNode& node, const LogicalNode& gate) {
    return &node == &gate ||
           (!node.changes_key && !node.parents.empty() &&
            std::all_of(node.parents.begin(), node.parents.end(), [&](const LogicalNode* parent) {
                return is_reached_only_through(*parent, gate);
            }));
}

// The key change that a repartition is for, unless values change in between.
LogicalNode* key_changer_of(LogicalNode& repartition) {
    LogicalNode* any_change = find_upwards(repartition, [](const LogicalNode& node) {
        return node.changes_key || node.changes_value;
    });
    LogicalNode* key_change =
        find_upwards(repartition, [](const LogicalNode& node) { return node.changes_key; });
    return any_change == key_change ? key_change : nullptr;
}

/// Repartitions directly downstream of `changer` that may be merged.
struct Candidates {
    LogicalNode* changer;
    std::vector<LogicalNode*> repartitions{};
};

std::vector<Candidates> find_candidates(LogicalGraph& graph) {
    std::vector<Candidates> all;
    for (LogicalNode& node : graph.nodes()) {
        if (node.changes_key) {
            all.push_back({&node});
        } else if (node.repartition && node.repartition->optimizable) {
            LogicalNode* changer = key_changer_of(node);
            for (Candidates& candidates : all) {
                // A join with a global table in between may change the type of values.
                if (candidates.changer == changer && changer->types == node.repartition->types) {
                    candidates.repartitions.push_back(&node);
                }
            }
        }
    }
    return all;
}

void move_below_merges(LogicalGraph& graph, std::vector<Candidates>& all) {
    std::vector<const LogicalNode*> replaced;
    std::vector<Candidates> added;
    for (LogicalNode& merge : graph.nodes()) {
        if (!merge.merges) {
            continue;
        }
        Candidates below_merge{&merge};
        for (const Candidates& candidates : all) {
            const bool all_below =
                std::all_of(candidates.repartitions.begin(), candidates.repartitions.end(),
                            [&](LogicalNode* repartition) {
                                return step_below(*repartition, merge) != nullptr &&
                                       repartition->repartition->types == merge.types;
                            });
            if (!all_below || step_below(merge, *candidates.changer) == nullptr) {
                continue;
            }
            for (LogicalNode* repartition : candidates.repartitions) {
                if (std::find(below_merge.repartitions.begin(), below_merge.repartitions.end(),
                              repartition) == below_merge.repartitions.end()) {
                    below_merge.repartitions.push_back(repartition);
                }
            }
            replaced.push_back(candidates.changer);
        }
        added.push_back(std::move(below_merge));
    }
    std::erase_if(all, [&](const Candidates& candidates) {
        return std::find(replaced.begin(), replaced.end(), candidates.changer) != replaced.end();
    });
    all.insert(all.end(), added.begin(), added.end());
}

// Records that another stream adds by a merge further downstream would not be repartitioned.
void leave_what_others_reach(std::vector<Candidates>& all) {
    for (Candidates& candidates : all) {
        std::erase_if(candidates.repartitions, [&](const LogicalNode* repartition) {
            return !is_reached_only_through(*repartition, *candidates.changer);
        });
    }
}

// Of several consecutive merges: the last one.
void keep_the_last_place(std::vector<Candidates>& all) {
    std::set<const LogicalNode*> placed;
    for (auto candidates = all.rbegin(); candidates != all.rend(); ++candidates) {
        std::erase_if(candidates->repartitions,
                      [&](const LogicalNode* repartition) { return placed.contains(repartition); });
        placed.insert(candidates->repartitions.begin(), candidates->repartitions.end());
    }
}

/// True if records are sent from `node` to nodes other than the replaced repartitions.
bool feeds_others(const LogicalNode& node, const Candidates& candidates) {
    const auto& replaced = candidates.repartitions;
    if (std::find(replaced.begin(), replaced.end(), &node) != replaced.end()) {
        return false;
    }
    return node.children.empty() ||
           std::any_of(node.children.begin(), node.children.end(),
                       [&](const LogicalNode* child) { return feeds_others(*child, candidates); });
}

/// Nodes directly downstream of the key change through which records reach `repartition`.
std::vector<LogicalNode*> ways_from(LogicalNode& changer, LogicalNode& repartition,
                                    bool reproduce_defects) {
    std::vector<LogicalNode*> ways;
    if (reproduce_defects) {  // Kafka Streams searches the first one only.
        if (LogicalNode* first = step_below(repartition, changer); first != nullptr) {
            ways.push_back(first);
        }
        return ways;
    }
    std::copy_if(changer.children.begin(), changer.children.end(), std::back_inserter(ways),
                 [&](const LogicalNode* child) { return is_below(repartition, *child); });
    return ways;
}

/// Repartitioning drops null keys; other destinations of the records would miss them.
bool takes_null_keys(const Candidates& candidates) {
    const auto& children = candidates.changer->children;
    return std::any_of(children.begin(), children.end(), [&](const LogicalNode* child) {
        const bool on_the_way = std::any_of(
            candidates.repartitions.begin(), candidates.repartitions.end(),
            [&](const LogicalNode* repartition) { return is_below(*repartition, *child); });
        return on_the_way && feeds_others(*child, candidates);
    });
}

void replace(LogicalGraph& graph, const Candidates& candidates, LogicalNode& merged,
             bool reproduce_defects) {
    LogicalNode& changer = *candidates.changer;
    if (!reproduce_defects) {
        merged.repartition->keep_null_keys = takes_null_keys(candidates);
    }
    for (LogicalNode* old : candidates.repartitions) {
        const std::vector<LogicalNode*> ways = ways_from(changer, *old, reproduce_defects);
        for (LogicalNode* way : ways) {
            detail::link(merged, *way);
            detail::unlink(changer, *way);
        }
        if (ways.empty() && reproduce_defects) {
            throw TopologyError("Kafka Streams cannot merge the repartition topics downstream of " +
                                changer.name + ": two of them follow one node");
        }
        const std::vector<LogicalNode*> parents = old->parents;
        const std::vector<LogicalNode*> children = old->children;
        for (LogicalNode* child : children) {
            for (LogicalNode* parent : parents) {
                detail::link(*parent, *child);
            }
        }
        for (LogicalNode* parent : parents) {
            detail::unlink(*parent, *old);
        }
        for (LogicalNode* child : children) {
            detail::unlink(*old, *child);
        }
        old->repartition.reset();
        for (auto& group : graph.copartition_groups()) {
            if (group.erase(old->name) > 0) {
                group.insert(merged.name);
            }
        }
    }
    detail::link(changer, merged);
}

}  // namespace
}  // namespace millrace::topology

namespace millrace::detail {
namespace {

bool is_generated(const std::string& prefix) {
    constexpr std::size_t kDigits = 10;
    return prefix.starts_with("KSTREAM") && prefix.size() > kDigits &&
           prefix[prefix.size() - kDigits - 1] == '-' &&
           prefix.find_first_not_of("0123456789", prefix.size() - kDigits) == std::string::npos;
}

}  // namespace

LogicalNode repartition_node(RepartitionStep step) {
    LogicalNode node;
    node.kind = LogicalKind::kRepartition;
    node.name = step.source_name;
    node.repartition = std::move(step);
    return node;
}

std::set<std::string> united(std::set<std::string> a, const std::set<std::string>& b) {
    a.insert(b.begin(), b.end());
    return a;
}

void name_repartition_step(LogicalGraph& graph, const std::string& prefix, RepartitionStep& step) {
    const std::string suffix = "-repartition";
    step.topic = prefix.ends_with(suffix) ? prefix : prefix + suffix;
    step.sink_name = graph.new_name("KSTREAM-SINK-");
    step.filter_name = graph.new_name("KSTREAM-FILTER-");
    step.source_name = graph.new_name("KSTREAM-SOURCE-");
    if (!is_generated(prefix)) {
        step.sink_name = step.topic + "-sink";
        step.filter_name = step.topic + "-filter";
        step.source_name = step.topic + "-source";
    }
}

void name_table_repartition(LogicalGraph& graph, const std::string& prefix,
                            const std::string& given, RepartitionStep& step) {
    step.topic = prefix + "-repartition";
    step.sink_name = graph.suffixed_or_new(given, "-sink", "KSTREAM-SINK-");
    step.source_name = graph.suffixed_or_new(given, "-source", "KSTREAM-SOURCE-");
}

}  // namespace millrace::detail

namespace millrace::topology {

void merge_repartitions(LogicalGraph& graph, bool reproduce_defects) {
    std::vector<Candidates> all = find_candidates(graph);
    move_below_merges(graph, all);
    if (!reproduce_defects) {
        leave_what_others_reach(all);
        keep_the_last_place(all);
    }
    for (const Candidates& candidates : all) {
        if (candidates.repartitions.empty()) {
            continue;
        }
        if (!candidates.repartitions.front()->repartition) {
            throw TopologyError("Kafka Streams cannot merge the repartition topics downstream of " +
                                candidates.changer->name + ": it is the second of two merges");
        }
        detail::RepartitionStep step = *candidates.repartitions.front()->repartition;
        detail::name_repartition_step(graph, step.topic, step);
        LogicalNode node;
        node.kind = detail::LogicalKind::kRepartition;
        node.name = step.source_name;
        node.repartition = std::move(step);
        LogicalNode& merged = graph.add(std::move(node), {});
        merged.build_priority = candidates.changer->build_priority;
        replace(graph, candidates, merged, reproduce_defects);
    }
}

}  // namespace millrace::topology
