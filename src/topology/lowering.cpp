// SPDX-License-Identifier: Apache-2.0
#include "topology/lowering.hpp"

#include "topology/spec_builder.hpp"

#include <algorithm>
#include <queue>
#include <utility>
#include <vector>

namespace millrace::topology {
namespace {

using detail::LogicalGraph;
using detail::LogicalKind;
using detail::LogicalNode;
using detail::NodeKind;
using detail::NodeSpec;

class Lowering {
  public:
    Lowering(SpecBuilder& builder, const detail::TopologyFlags& flags)
        : builder_(&builder), flags_(&flags) {}

    void emit(const LogicalNode& node) {
        switch (node.kind) {
            case LogicalKind::kRoot:
                break;
            case LogicalKind::kGlobalStore:
                builder_->add_global_store(node.stores.front().spec, node.steps.at(0),
                                           node.steps.at(1));
                break;
            case LogicalKind::kRepartition:
                emit_repartition(node);
                break;
            case LogicalKind::kSource:
            case LogicalKind::kTableSource:
            case LogicalKind::kStore:
            case LogicalKind::kProcessor:
            case LogicalKind::kSink:
            case LogicalKind::kStreamJoin:
                emit_steps(node);
                break;
        }
    }

  private:
    static std::vector<std::string> parent_names(const LogicalNode& node) {
        std::vector<std::string> names;
        for (const LogicalNode* parent : node.parents) {
            if (parent->kind != LogicalKind::kRoot) {
                names.push_back(parent->name);
            }
        }
        return names;
    }

    void emit_steps(const LogicalNode& node) {
        for (const detail::RepartitionTopic& topic : node.internal_topics) {
            builder_->add_repartition_topic(topic);
        }
        for (NodeSpec step : node.steps) {
            if (step.parents.empty() && step.kind != NodeKind::kSource) {
                step.parents = parent_names(node);
            }
            builder_->add_node(std::move(step));
        }
        if (!node.steps.empty()) {
            for (const std::string& store : node.connects) {
                builder_->connect(node.steps.front().name, store);
            }
        }
        for (const detail::StoreConnection& connection : node.connections) {
            for (const std::string& store : connection.stores) {
                builder_->connect(connection.step, store);
            }
        }
        for (const detail::LogicalStore& store : node.stores) {
            if (store.only_if && !store.only_if->materialized) {
                continue;
            }
            const std::string& name = store.spec.name;
            if (find_store(builder_->spec(), name) == nullptr || !store.shared ||
                builder_->spec().wrapper_stores.contains(name)) {
                detail::StoreSpec spec = store.spec;
                spec.reproduce_kafka_defects = flags_->reproduce_kafka_defects;
                builder_->add_store(std::move(spec));
            }
            for (const std::string& user : store.users) {
                builder_->connect(user, store.spec.name);
            }
        }
    }

    void emit_repartition(const LogicalNode& node) {
        const detail::RepartitionStep& step = *node.repartition;
        builder_->add_repartition_topic({step.topic, step.partitions});
        std::vector<std::string> sink_parents = parent_names(node);
        if (!step.filter_name.empty()) {
            builder_->add_node({.kind = NodeKind::kProcessor,
                                .name = step.filter_name,
                                .make = step.nodes->filter(step.filter_name, step.keep_null_keys),
                                .parents = sink_parents});
            sink_parents = {step.filter_name};
        }
        builder_->add_node({.kind = NodeKind::kSink,
                            .name = step.sink_name,
                            .make = step.nodes->sink(step.sink_name, step.topic),
                            .parents = sink_parents,
                            .topics = {step.topic}});
        builder_->add_node({.kind = NodeKind::kSource,
                            .name = step.source_name,
                            .make = step.nodes->source(step.source_name),
                            .topics = {step.topic}});
    }

    SpecBuilder* builder_;
    const detail::TopologyFlags* flags_;
};

struct BuiltLater {
    bool operator()(const LogicalNode* a, const LogicalNode* b) const {
        return a->build_priority > b->build_priority;
    }
};

}  // namespace

detail::TopologySpec lower(LogicalGraph& graph, const ProcessorWrapper& wrapper) {
    detail::TopologySpec spec;
    spec.processor_wrapper = wrapper;
    SpecBuilder builder(spec);
    Lowering lowering(builder, *graph.flags());

    // A node is visited once for each parent and emitted after the last one.
    std::priority_queue<LogicalNode*, std::vector<LogicalNode*>, BuiltLater> next;
    next.push(&graph.root());
    while (!next.empty()) {
        LogicalNode& node = *next.top();
        next.pop();
        const bool ready = std::all_of(node.parents.begin(), node.parents.end(),
                                       [](const LogicalNode* parent) { return parent->written; });
        if (!ready || node.written) {
            continue;
        }
        lowering.emit(node);
        node.written = true;
        for (LogicalNode* child : node.children) {
            next.push(child);
        }
    }
    for (const auto& sources : graph.copartition_groups()) {
        builder.copartition({sources.begin(), sources.end()});
    }
    return spec;
}

}  // namespace millrace::topology
