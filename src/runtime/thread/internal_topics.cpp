// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/internal_topics.hpp"

#include "assignment/partition_assignor.hpp"
#include "core/fail_point.hpp"
#include "core/log.hpp"
#include "millrace/core/error.hpp"
#include "runtime/thread/renamed_state.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace millrace::runtime {

namespace {

std::string joined(const std::set<std::string>& names) {
    std::string text;
    for (const std::string& name : names) {
        text += (text.empty() ? "" : ", ") + name;
    }
    return text;
}

}  // namespace

InternalTopics::InternalTopics(const topology::ApplicationTopology& application,
                               kafka::Admin& admin, Options options)
    : application_(application), admin_(admin), options_(std::move(options)) {
    for (const auto& part : application_.sub_topologies) {
        for (const auto& [name, topic] : part.repartition_source_topics) {
            internal_[topic.name] = {&topic, true};
        }
        for (const auto& [store, topic] : part.changelogs) {
            internal_[topic.name] = {&topic, false};
        }
    }
}

bool InternalTopics::prepare(std::chrono::milliseconds timeout, std::string& reason) {
    if (!checking_.try_lock()) {
        return false;
    }
    const MutexLock lock(checking_, std::adopt_lock);
    return look(timeout, reason);
}

bool InternalTopics::look(std::chrono::milliseconds timeout, std::string& reason) {
    const auto existing = describe(timeout);
    if (!existing.ok()) {
        if (existing.status().retriable()) {
            reason = existing.status().message();
            return false;
        }
        throw KafkaError("cannot describe topics: " + existing.status().message());
    }
    check_sources(existing.value());
    const auto plan = topology::plan_partitions(application_, existing.value());
    const auto topics = missing(plan, existing.value());
    if (!topics.empty()) {
        const kafka::Status created = create(topics, timeout);
        // Even after success: check again, until every broker's response contains the topics.
        reason = created.ok() ? "internal topics have just been created" : created.message();
        return false;
    }
    return true;
}

kafka::Result<kafka::PartitionCounts> InternalTopics::describe(std::chrono::milliseconds timeout) {
    bool patterns = false;
    std::set<std::string> names;
    for (const auto& part : application_.sub_topologies) {
        names.insert(part.source_topics.begin(), part.source_topics.end());
        patterns = patterns || !part.source_patterns.empty();
    }
    for (const auto& [name, internal] : internal_) {
        names.insert(name);
    }
    if (patterns) {
        return admin_.list_topics(timeout);
    }
    const std::vector<std::string> list(names.begin(), names.end());
    return admin_.describe_topics(list, timeout);
}

void InternalTopics::check_sources(const kafka::PartitionCounts& existing) const {
    std::set<std::string> absent;
    for (const auto& part : application_.sub_topologies) {
        for (const std::string& topic : part.source_topics) {
            if (!internal_.contains(topic) && !existing.contains(topic)) {
                absent.insert(topic);
            }
        }
    }
    if (!absent.empty()) {
        throw KafkaError("source topics do not exist: " + joined(absent) +
                         "; create them and start again: application " +
                         application_.application_id);
    }
}

std::vector<kafka::NewTopic> InternalTopics::missing(const topology::PartitionPlan& plan,
                                                     const kafka::PartitionCounts& existing) const {
    std::vector<kafka::NewTopic> topics;
    for (const auto& [name, partitions] : plan.internal_topics) {
        const auto internal = internal_.find(name);
        if (internal == internal_.end()) {
            continue;
        }
        if (const auto found = existing.find(name); found != existing.end()) {
            if (found->second != partitions) {
                throw KafkaError(
                    "internal topic has the wrong number of partitions: " + name + " has " +
                    std::to_string(found->second) + ", the topology needs " +
                    std::to_string(partitions) + inputs_of(name, existing) +
                    "; the number of input partitions was changed, or the topic belongs to another "
                    "application. Reset the application (kafka-streams-application-reset.sh of "
                    "Apache Kafka, and KafkaStreams::clean_up for its state), or use another "
                    "application.id");
            }
            continue;
        }
        kafka::NewTopic topic{name, partitions, options_.replication_factor,
                              internal->second.topic->config};
        for (const auto& [key, value] : options_.config) {
            // Millrace's defaults are overridden by "topic.", which is overridden by the
            // requirements of a store.
            if (!internal->second.topic->fixed.contains(key)) {
                topic.config[key] = value;
            }
        }
        topics.push_back(std::move(topic));
    }
    return topics;
}

/// The existing topics that determine the partition count of that topic.
std::string InternalTopics::inputs_of(const std::string& internal_topic,
                                      const kafka::PartitionCounts& existing) const {
    std::string text;
    for (const auto& part : application_.sub_topologies) {
        const bool writes =
            std::find(part.sink_topics.begin(), part.sink_topics.end(), internal_topic) !=
                part.sink_topics.end() ||
            std::any_of(part.changelogs.begin(), part.changelogs.end(), [&](const auto& changelog) {
                return changelog.second.name == internal_topic;
            });
        for (const auto& [topic, partitions] : existing) {
            if (writes && assignment::reads(part, topic)) {
                text += (text.empty() ? " as its inputs: " : ", ") + topic + " has " +
                        std::to_string(partitions);
            }
        }
    }
    return text;
}

kafka::Status InternalTopics::create(const std::vector<kafka::NewTopic>& topics,
                                     std::chrono::milliseconds timeout) {
    const auto result =
        MILLRACE_FAIL_POINT_ANSWER("join.topics_created", admin_.create_topics(topics, timeout));
    if (!result.ok()) {
        if (!result.status().retriable()) {
            throw KafkaError("cannot create internal topics: " + result.status().message());
        }
        return result.status();
    }
    kafka::Status last;
    std::set<std::string> created;
    for (std::size_t i = 0; i < topics.size(); ++i) {
        const kafka::Status& status = result.value().at(i);
        if (status.ok()) {
            created.insert(topics[i].name);
            log::info("created internal topic: " + topics[i].name + ", partitions " +
                      std::to_string(topics[i].partitions));
        } else if (status.code() == kafka::ErrorCode::kTopicExists) {
            continue;  // Another instance was faster; the next round checks it again.
        } else if (status.retriable()) {
            last = status;
        } else {
            throw KafkaError("cannot create internal topic: " + topics[i].name + ": " +
                             status.message() +
                             "; its configuration is from replication.factor, topic.* and the "
                             "settings of the store");
        }
    }
    if (!created.empty()) {
        warn_of_state_that_begins_empty(application_, created, admin_, timeout);
    }
    return last;
}

}  // namespace millrace::runtime
