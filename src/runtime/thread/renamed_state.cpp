// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/renamed_state.hpp"

#include "assignment/partition_assignor.hpp"
#include "core/log.hpp"

#include <algorithm>
#include <string_view>

namespace millrace::runtime {

namespace {

using topology::ApplicationTopology;
using topology::SubTopology;

/// Internal topics of the application, by name, that its topology does not use.
std::string unused_topics(const ApplicationTopology& application,
                          const kafka::PartitionCounts& existing) {
    std::set<std::string> used;
    for (const SubTopology& part : application.sub_topologies) {
        for (const auto& [store, changelog] : part.changelogs) {
            used.insert(changelog.name);
        }
        for (const auto& [name, topic] : part.repartition_source_topics) {
            used.insert(topic.name);
        }
    }
    std::string names;
    for (const auto& [topic, partitions] : existing) {
        const bool internal = topic.starts_with(application.application_id + "-") &&
                              (topic.ends_with("-changelog") || topic.ends_with("-repartition"));
        if (internal && !used.contains(topic)) {
            names += (names.empty() ? "" : ", ") + topic;
        }
    }
    return names;
}

/// All partitions of the topics that the application reads.
std::vector<TopicPartition> inputs_of(const ApplicationTopology& application,
                                      const kafka::PartitionCounts& existing) {
    std::vector<TopicPartition> inputs;
    for (const auto& [topic, partitions] : existing) {
        if (std::any_of(application.sub_topologies.begin(), application.sub_topologies.end(),
                        [&](const auto& part) { return assignment::reads(part, topic); })) {
            for (Partition partition = 0; partition < partitions; ++partition) {
                inputs.push_back({topic, partition});
            }
        }
    }
    return inputs;
}

}  // namespace

void warn_of_state_that_begins_empty(const ApplicationTopology& application,
                                     const std::set<std::string>& created, kafka::Admin& admin,
                                     std::chrono::milliseconds timeout) {
    const auto existing = admin.list_topics(timeout);
    if (!existing.ok()) {
        return;
    }
    const auto committed = admin.group_offsets(application.application_id,
                                               inputs_of(application, existing.value()), timeout);
    if (!committed.ok() || committed.value().empty()) {
        return;
    }
    std::string empty;
    const auto begins_empty = [&](const std::string& what, const std::string& topic) {
        if (created.contains(topic)) {
            empty += (empty.empty() ? "" : ", ") + what + topic;
        }
    };
    for (const SubTopology& part : application.sub_topologies) {
        const bool has_read =
            std::any_of(committed.value().begin(), committed.value().end(), [&](const auto& entry) {
                return entry.second.offset && assignment::reads(part, entry.first.topic);
            });
        if (!has_read) {
            continue;
        }
        for (const auto& [store, changelog] : part.changelogs) {
            begins_empty("store " + store + " with changelog ", changelog.name);
        }
        for (const std::string& topic : part.sink_topics) {
            begins_empty("repartition topic ", topic);
        }
    }
    if (empty.empty()) {
        return;
    }
    const std::string unused = unused_topics(application, existing.value());
    log::warn(
        "state starts empty although the application has committed offsets of its input: " + empty +
        (unused.empty() ? "; it is new, or its topic was deleted"
                        : "; unused topics of the application: " + unused +
                              ". If one of them is this topic under its former name, stop the "
                              "application and give the store or the repartition topic that name: "
                              "generated names change with the topology, explicit names do not") +
        ". To fill new state from the whole input, reset the application "
        "(kafka-streams-application-reset.sh of Apache Kafka, and KafkaStreams::clean_up for its "
        "state)");
}

}  // namespace millrace::runtime
