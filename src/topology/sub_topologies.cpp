// SPDX-License-Identifier: Apache-2.0
#include "topology/sub_topologies.hpp"

#include "core/topic_name.hpp"
#include "millrace/core/error.hpp"
#include "topology/java_hash_order.hpp"
#include "topology/node_groups.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <set>
#include <string>

namespace millrace::topology {
namespace {

using detail::NodeKind;
using detail::NodeSpec;
using detail::StoreKind;
using detail::StoreSpec;

using TopicConfig = std::map<std::string, std::string>;

// For changelogs of versioned stores; fixed in Kafka Streams.
constexpr std::chrono::milliseconds kAdditionalLag = std::chrono::hours(24);

std::string sum(std::chrono::milliseconds one, std::chrono::milliseconds other) {
    constexpr auto kLongest = std::chrono::milliseconds::max();
    return std::to_string((one > kLongest - other ? kLongest : one + other).count());
}

TopicConfig changelog_config(const StoreSpec& store,
                             std::chrono::milliseconds additional_retention) {
    TopicConfig config = {{"cleanup.policy", "compact"}, {"message.timestamp.type", "CreateTime"}};
    switch (store.kind) {
        case StoreKind::kKeyValue:
        case StoreKind::kTimestampedKeyValue:
        case StoreKind::kChangeBuffer:
            break;
        case StoreKind::kVersionedKeyValue:
            config["min.compaction.lag.ms"] = sum(store.retention, kAdditionalLag);
            break;
        case StoreKind::kWindow:
        case StoreKind::kTimestampedWindow:
        case StoreKind::kSession:
            config["cleanup.policy"] = "compact,delete";
            config["retention.ms"] = sum(store.retention, additional_retention);
            break;
    }
    for (const auto& [name, value] : store.changelog_config) {
        config[name] = value;
    }
    return config;
}

/// Changelog settings that a store requires or that the user set for it. They override settings for
/// all topics.
std::set<std::string> fixed_config(const StoreSpec& store) {
    std::set<std::string> names = {"cleanup.policy"};
    if (store.kind == StoreKind::kVersionedKeyValue) {
        names.insert("min.compaction.lag.ms");
    } else if (store.kind == StoreKind::kWindow || store.kind == StoreKind::kTimestampedWindow ||
               store.kind == StoreKind::kSession) {
        names.insert("retention.ms");
    }
    for (const auto& [name, value] : store.changelog_config) {
        names.insert(name);
    }
    return names;
}

TopicConfig repartition_config() {
    return {{"cleanup.policy", "delete"},
            {"message.timestamp.type", "CreateTime"},
            {"retention.ms", "-1"},
            {"segment.bytes", "52428800"}};
}

class Splitter {
  public:
    Splitter(const detail::TopologySpec& spec, const std::string& application_id,
             std::chrono::milliseconds additional_retention)
        : spec_(spec), prefix_(application_id + "-"), additional_retention_(additional_retention) {
        for (const auto& topic : spec.repartition_topics) {
            repartition_topics_.emplace(topic.name, &topic);
        }
        for (std::size_t i = 0; i < spec.stores.size(); ++i) {
            stores_.emplace(spec.stores[i].name, i);
        }
    }

    std::string full_name(const std::string& topic) const {
        return repartition_topics_.contains(topic) ? prefix_ + topic : topic;
    }

    SubTopology sub_topology(const NodeGroup& group) const {
        SubTopology sub;
        sub.id = group.id;
        sub.nodes = group.nodes;
        for (const std::size_t index : group.nodes) {
            const NodeSpec& node = spec_.nodes[index];
            switch (node.kind) {
                case NodeKind::kSource:
                    add_source(sub, node);
                    break;
                case NodeKind::kProcessor:
                    add_stores(sub, node);
                    break;
                case NodeKind::kSink:
                    for (const std::string& topic : node.topics) {
                        sub.sink_topics.push_back(full_name(topic));
                    }
                    break;
            }
        }
        return sub;
    }

  private:
    void add_source(SubTopology& sub, const NodeSpec& node) const {
        if (!node.pattern.empty()) {
            sub.source_patterns.push_back(node.pattern);
        }
        for (const std::string& topic : node.topics) {
            const std::string name = full_name(topic);
            sub.source_topics.push_back(name);
            const auto internal = repartition_topics_.find(topic);
            if (internal != repartition_topics_.end()) {
                sub.repartition_source_topics[name] = {name, repartition_config(),
                                                       internal->second->partitions.value_or(0)};
            }
        }
    }

    // Kafka Streams keeps the stores of one node in a hash set.
    void add_stores(SubTopology& sub, const NodeSpec& node) const {
        for (const std::string& name : java_hash_order(node.stores)) {
            const auto found = stores_.find(name);
            if (found == stores_.end() ||
                std::count(sub.stores.begin(), sub.stores.end(), found->second) != 0) {
                continue;
            }
            sub.stores.push_back(found->second);
            const StoreSpec& store = spec_.stores[found->second];
            if (store.logging && store.source_topic.empty()) {
                sub.changelogs[name] = {prefix_ + name + "-changelog",
                                        changelog_config(store, additional_retention_), 0,
                                        fixed_config(store)};
            }
        }
    }

    const detail::TopologySpec& spec_;
    std::string prefix_;
    std::chrono::milliseconds additional_retention_;
    std::map<std::string, const detail::RepartitionTopic*> repartition_topics_;
    std::map<std::string, std::size_t> stores_;
};

void check_internal_topic(const std::string& what, const std::string& name,
                          const std::string& application_id) {
    if (!is_topic_name(name)) {
        throw TopologyError("the name of an internal topic is too long: " + what + ", topic " +
                            name + " has " + std::to_string(name.size()) +
                            " characters, and Kafka allows 249; shorten that name, or "
                            "application.id, which has " +
                            std::to_string(application_id.size()));
    }
}

void check_internal_topics(const SubTopology& sub, const std::string& application_id) {
    const std::string repartition = "-repartition";
    for (const auto& [name, topic] : sub.repartition_source_topics) {
        const std::size_t begin = application_id.size() + 1;
        check_internal_topic(
            "repartition topic of " + name.substr(begin, name.size() - begin - repartition.size()),
            name, application_id);
    }
    for (const auto& [store, topic] : sub.changelogs) {
        check_internal_topic("changelog of store " + store, topic.name, application_id);
    }
}

}  // namespace

ApplicationTopology split(const detail::TopologySpec& spec, const std::string& application_id,
                          std::chrono::milliseconds additional_retention) {
    const Splitter splitter(spec, application_id, additional_retention);
    ApplicationTopology application{.application_id = application_id,
                                    .spec = &spec,
                                    .sub_topologies = {},
                                    .copartition_groups = {}};
    for (const NodeGroup& group : node_groups(spec)) {
        if (group.global == nullptr) {
            application.sub_topologies.push_back(splitter.sub_topology(group));
            check_internal_topics(application.sub_topologies.back(), application_id);
        }
    }
    for (const auto& topics : spec.copartition_groups) {
        auto& group = application.copartition_groups.emplace_back();
        for (const std::string& topic : topics) {
            group.push_back(splitter.full_name(topic));
        }
    }
    return application;
}

SubTopology as_one_part(const detail::TopologySpec& spec, const std::string& application_id) {
    NodeGroup all;
    for (const NodeGroup& group : node_groups(spec)) {
        if (group.global == nullptr) {
            all.nodes.insert(all.nodes.end(), group.nodes.begin(), group.nodes.end());
        }
    }
    std::sort(all.nodes.begin(), all.nodes.end());
    return Splitter(spec, application_id, kAdditionalRetention).sub_topology(all);
}

}  // namespace millrace::topology
