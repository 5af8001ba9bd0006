// SPDX-License-Identifier: Apache-2.0
#include "assignment/partition_racks.hpp"

#include "assignment/task_map.hpp"
#include "core/log.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace millrace::assignment {

void PartitionRacks::look_up(std::chrono::milliseconds timeout) {
    const auto names = topics(timeout);
    auto found = names.ok() ? admin_.replica_racks(names.value(), timeout)
                            : kafka::Result<kafka::ReplicaRacks>(names.status());
    if (!found.ok()) {
        log::warn("cannot look up the racks of partitions: " + found.status().message());
        return;
    }
    const auto before = known();
    auto racks = std::move(found).value();
    for (auto& [partition, of] : racks) {
        // A broker that is down has no rack. Its partitions keep their racks, so that its restart
        // moves no task.
        const bool incomplete = of.erase("") > 0;
        const auto known = before->find(partition);
        if (incomplete && known != before->end()) {
            of.insert(known->second.begin(), known->second.end());
        }
    }
    auto now = std::make_shared<const kafka::ReplicaRacks>(std::move(racks));
    const MutexLock lock(mutex_);
    known_ = std::move(now);
}

std::shared_ptr<const kafka::ReplicaRacks> PartitionRacks::known() const {
    const MutexLock lock(mutex_);
    return known_;
}

/// The existing topics that the application reads, or those that should exist if it reads no
/// pattern.
kafka::Result<std::vector<std::string>> PartitionRacks::topics(
    std::chrono::milliseconds timeout) const {
    const auto& parts = application_.sub_topologies;
    std::set<std::string> names;
    for (const topology::SubTopology& part : parts) {
        names.insert(part.source_topics.begin(), part.source_topics.end());
    }
    if (std::any_of(parts.begin(), parts.end(),
                    [](const auto& part) { return !part.source_patterns.empty(); })) {
        const auto all = admin_.list_topics(timeout);
        if (!all.ok()) {
            return all.status();
        }
        for (const auto& [name, partitions] : all.value()) {
            if (sub_topology_of(application_, name) >= 0) {
                names.insert(name);
            }
        }
    }
    return std::vector<std::string>(names.begin(), names.end());
}

}  // namespace millrace::assignment
