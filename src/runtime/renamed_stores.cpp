// SPDX-License-Identifier: Apache-2.0
#include "runtime/renamed_stores.hpp"

#include "assignment/partition_assignor.hpp"
#include "core/log.hpp"

#include <algorithm>
#include <string_view>

namespace millrace::runtime {

namespace {

using topology::ApplicationTopology;
using topology::SubTopology;

/// Internal topics of the application, by their names, that its topology does not use.
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

}  // namespace

void warn_of_stores_that_begin_empty(const ApplicationTopology& application,
                                     const std::set<std::string>& created, kafka::Admin& admin,
                                     std::chrono::milliseconds timeout) {
    const auto committed = admin.group_offsets(application.application_id, timeout);
    if (!committed.ok() || committed.value().empty()) {
        return;
    }
    std::string stores;
    for (const SubTopology& part : application.sub_topologies) {
        const bool has_read =
            std::any_of(committed.value().begin(), committed.value().end(), [&](const auto& entry) {
                return entry.second.offset && assignment::reads(part, entry.first.topic);
            });
        for (const auto& [store, changelog] : part.changelogs) {
            if (has_read && created.contains(changelog.name)) {
                stores += (stores.empty() ? "" : ", ") + store + " (" + changelog.name + ")";
            }
        }
    }
    if (stores.empty()) {
        return;
    }
    const auto existing = admin.list_topics(timeout);
    const std::string unused =
        existing.ok() ? unused_topics(application, existing.value()) : std::string{};
    log::warn(
        "stores begin empty although the application has committed offsets of their input: " +
        stores +
        (unused.empty() ? "; the stores are new, or their changelogs were deleted"
                        : "; topics of the application that it does not use: " + unused +
                              ". If one of them is the changelog of such a store under its former "
                              "name, stop, and give the store that name: generated names change "
                              "with the topology, names given in the topology do not") +
        ". To fill new stores from the whole input, reset the application: set its group's offsets "
        "back and delete its internal topics and its state directory");
}

}  // namespace millrace::runtime
