// SPDX-License-Identifier: Apache-2.0
#include "topology/spec_builder.hpp"

#include "core/topic_matcher.hpp"
#include "core/topic_name.hpp"
#include "millrace/core/error.hpp"
#include "operators/wrapped_node.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace millrace::topology {
namespace {

using detail::NodeKind;
using detail::NodeSpec;

bool matches(const std::string& pattern, const std::string& topic) {
    return TopicMatcher(pattern).matches(topic);
}

/// Whether two declarations define the same store, as far as can be checked.
bool alike(const detail::StoreSpec& a, const detail::StoreSpec& b) {
    const auto parts = [](const detail::StoreSpec& store) {
        return std::tie(store.kind, store.engine, store.caching, store.logging,
                        store.changelog_config, store.retention, store.window_size,
                        store.segment_interval, store.retain_duplicates, store.headers,
                        store.max_entries);
    };
    return parts(a) == parts(b) &&
           static_cast<bool>(a.custom_key_value) == static_cast<bool>(b.custom_key_value) &&
           static_cast<bool>(a.custom_window) == static_cast<bool>(b.custom_window);
}

bool contains(const std::vector<std::string>& list, const std::string& element) {
    return std::find(list.begin(), list.end(), element) != list.end();
}

}  // namespace

const detail::StoreSpec* find_store(const detail::TopologySpec& spec, const std::string& name) {
    const auto found = std::find_if(spec.stores.begin(), spec.stores.end(),
                                    [&](const auto& store) { return store.name == name; });
    return found == spec.stores.end() ? nullptr : &*found;
}

const detail::GlobalStoreSpec* find_global_store(const detail::TopologySpec& spec,
                                                 const std::string& name) {
    const auto found = std::find_if(spec.global_stores.begin(), spec.global_stores.end(),
                                    [&](const auto& global) { return global.store.name == name; });
    return found == spec.global_stores.end() ? nullptr : &*found;
}

void check_name(const std::string& what, const std::string& name) {
    if (!is_topic_name(name)) {
        throw TopologyError("invalid name: " + what + " '" + name + "'; " + kTopicNameRule);
    }
}

NodeSpec* SpecBuilder::find_node(const std::string& name) {
    const auto found = std::find_if(spec_->nodes.begin(), spec_->nodes.end(),
                                    [&](const auto& node) { return node.name == name; });
    return found == spec_->nodes.end() ? nullptr : &*found;
}

void SpecBuilder::check_new_name(const std::string& name) {
    if (name.empty()) {
        throw TopologyError("a node needs a name");
    }
    if (find_node(name) != nullptr) {
        throw TopologyError("a node with this name already exists: " + name +
                            "; rename one of them");
    }
}

void SpecBuilder::check_topic_unread(const std::string& topic) {
    for (const NodeSpec& node : spec_->nodes) {
        if (node.kind != NodeKind::kSource) {
            continue;
        }
        if (contains(node.topics, topic) ||
            (!node.pattern.empty() && matches(node.pattern, topic))) {
            throw TopologyError(
                "topic " + topic + " is read by source " + node.name +
                "; read a topic in one source only, and use that stream or table twice");
        }
    }
}

void SpecBuilder::check_source(const NodeSpec& node) {
    if (node.topics.empty() == node.pattern.empty()) {
        throw TopologyError("source " + node.name + " needs either topics or a pattern");
    }
    for (const std::string& topic : node.topics) {
        check_name("topic of source " + node.name, topic);
        check_topic_unread(topic);
    }
    if (!node.pattern.empty()) {
        const TopicMatcher matcher(node.pattern);
        for (const NodeSpec& other : spec_->nodes) {
            for (const std::string& topic : other.topics) {
                if (other.kind == NodeKind::kSource && matcher.matches(topic)) {
                    throw TopologyError("pattern " + node.pattern + " of source " + node.name +
                                        " matches topic " + topic + ", which source " + other.name +
                                        " already reads");
                }
            }
        }
    }
}

void SpecBuilder::check_parents(const NodeSpec& node) {
    if (node.parents.empty()) {
        throw TopologyError("node " + node.name + " needs at least one parent");
    }
    for (const std::string& name : node.parents) {
        const NodeSpec* parent = find_node(name);
        if (parent == nullptr) {
            throw TopologyError("parent " + name + " of node " + node.name +
                                " does not exist; add parents first");
        }
        if (parent->kind == NodeKind::kSink) {
            throw TopologyError("sink " + name + " cannot be the parent of node " + node.name);
        }
    }
}

void SpecBuilder::add_node(NodeSpec node) {
    check_new_name(node.name);
    if (node.kind == NodeKind::kSource) {
        check_source(node);
    } else {
        check_parents(node);
    }
    if (node.kind == NodeKind::kSink) {
        for (const std::string& topic : node.topics) {
            check_name("topic of sink " + node.name, topic);
        }
    }
    std::vector<detail::StoreSpec> of_wrapper;
    if (node.kind == NodeKind::kProcessor && spec_->processor_wrapper && !node.fills_store) {
        of_wrapper = wrap(node, spec_->processor_wrapper);
        for (const detail::StoreSpec& store : of_wrapper) {
            if (!is_shared_by_wrapper(store, node.name)) {
                check_new_store(store.name);
            }
        }
    }
    const std::vector<std::string> stores = std::exchange(node.stores, {});
    const std::string name = node.name;
    spec_->nodes.push_back(std::move(node));
    for (detail::StoreSpec& store : of_wrapper) {
        add_wrapper_store(std::move(store), name);
    }
    for (const std::string& store : stores) {
        connect(name, store);
    }
}

bool SpecBuilder::is_shared_by_wrapper(const detail::StoreSpec& store,
                                       const std::string& processor) {
    if (!spec_->wrapper_stores.contains(store.name)) {
        return false;
    }
    if (!alike(*find_store(*spec_, store.name), store)) {
        throw TopologyError("store " + store.name + ", which the wrapper adds to processor " +
                            processor +
                            ", differs from its earlier declaration; processors that share a store "
                            "must declare it identically");
    }
    return true;
}

void SpecBuilder::add_wrapper_store(detail::StoreSpec store, const std::string& processor) {
    const std::string name = store.name;
    if (spec_->wrapper_stores.insert(name).second) {
        add_store(std::move(store));
    }
    connect(processor, name);
}

void SpecBuilder::check_new_store(const std::string& name) {
    check_name("store", name);
    if (find_store(*spec_, name) != nullptr || find_global_store(*spec_, name) != nullptr) {
        throw TopologyError("a store with this name already exists: " + name +
                            "; rename one of them");
    }
}

void SpecBuilder::add_store(detail::StoreSpec store) {
    check_new_store(store.name);
    spec_->stores.push_back(std::move(store));
}

void SpecBuilder::connect(const std::string& processor, const std::string& store) {
    if (find_global_store(*spec_, store) != nullptr) {
        throw TopologyError("store " + store + " is global: processor " + processor +
                            " can use it without being connected");
    }
    if (find_store(*spec_, store) == nullptr) {
        throw TopologyError("store " + store + " does not exist, so processor " + processor +
                            " cannot be connected to it; add the store first");
    }
    NodeSpec* node = find_node(processor);
    if (node == nullptr) {
        throw TopologyError("processor " + processor + " does not exist, so store " + store +
                            " cannot be connected to it");
    }
    if (node->kind != NodeKind::kProcessor) {
        throw TopologyError("store " + store + " cannot be connected to " + processor +
                            ": only processors have stores");
    }
    if (!contains(node->stores, store)) {
        node->stores.push_back(store);
    }
}

void SpecBuilder::add_global_store(detail::StoreSpec store, NodeSpec source, NodeSpec processor) {
    check_name("store", store.name);
    if (find_store(*spec_, store.name) != nullptr ||
        find_global_store(*spec_, store.name) != nullptr) {
        throw TopologyError("a store with this name already exists: " + store.name);
    }
    if (store.kind == detail::StoreKind::kVersionedKeyValue) {
        throw TopologyError("global store " + store.name + " cannot be versioned");
    }
    check_new_name(source.name);
    check_new_name(processor.name);
    check_source(source);
    const std::string topic = source.topics.front();
    store.logging = false;
    store.source_topic = topic;
    processor.parents = {source.name};
    processor.stores = {store.name};
    spec_->global_stores.push_back({std::move(store), source.name, processor.name, topic});
    spec_->nodes.push_back(std::move(source));
    spec_->nodes.push_back(std::move(processor));
}

void SpecBuilder::add_repartition_topic(detail::RepartitionTopic topic) {
    check_name("repartition topic", topic.name);
    auto& topics = spec_->repartition_topics;
    const auto same = std::find_if(topics.begin(), topics.end(),
                                   [&](const auto& other) { return other.name == topic.name; });
    if (same == topics.end()) {
        topics.push_back(std::move(topic));
    } else {
        *same = std::move(topic);
    }
}

void SpecBuilder::copartition(const std::vector<std::string>& source_nodes) {
    std::vector<std::string> topics;
    for (const std::string& name : source_nodes) {
        if (const NodeSpec* node = find_node(name)) {
            for (const std::string& topic : node->topics) {
                if (!contains(topics, topic)) {
                    topics.push_back(topic);
                }
            }
        }
    }
    std::optional<std::int32_t> enforced;
    std::string enforced_by;
    bool all_enforced = true;
    for (const std::string& topic : topics) {
        const auto& internal = spec_->repartition_topics;
        const auto found = std::find_if(internal.begin(), internal.end(),
                                        [&](const auto& other) { return other.name == topic; });
        all_enforced = all_enforced && found != internal.end() && found->partitions.has_value();
    }
    for (const auto& internal : spec_->repartition_topics) {
        if (!all_enforced || !contains(topics, internal.name)) {
            continue;
        }
        if (enforced && *enforced != *internal.partitions) {
            throw TopologyError("topics to be joined must have the same number of partitions: " +
                                enforced_by + " has " + std::to_string(*enforced) + ", " +
                                internal.name + " has " + std::to_string(*internal.partitions));
        }
        enforced = internal.partitions;
        enforced_by = internal.name;
    }
    std::sort(topics.begin(), topics.end());
    if (topics.size() > 1 &&
        !std::count(spec_->copartition_groups.begin(), spec_->copartition_groups.end(), topics)) {
        spec_->copartition_groups.push_back(std::move(topics));
    }
}

}  // namespace millrace::topology
