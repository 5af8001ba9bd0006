// SPDX-License-Identifier: Apache-2.0
#include "testing/simulation/changelog.hpp"

#include "testing/embedded/log/partition_log.hpp"

namespace millrace::testing::simulated {

std::vector<Change> committed_changes(embedded::Cluster& cluster, const TopicPartition& partition) {
    using embedded::LogEntry;
    std::vector<Change> changes;
    const auto lock = cluster.lock();
    const auto log = cluster.topics().find(partition);
    if (log == nullptr) {
        return changes;
    }
    for (const LogEntry& entry : log->entries()) {
        if (entry.last >= log->last_stable()) {
            break;
        }
        if (entry.kind == LogEntry::Kind::kAborted || entry.kind == LogEntry::Kind::kMarker) {
            continue;
        }
        const std::string& producer = cluster.transactions().client_of(entry.producer_id);
        for (const auto& each : entry.batch->entries()) {
            const auto record = entry.batch->view_of(each);
            if (record.key) {
                changes.push_back(
                    {Bytes(*record.key),
                     record.value ? NullableOwnedBytes(Bytes(*record.value)) : std::nullopt,
                     producer});
            }
        }
    }
    return changes;
}

}  // namespace millrace::testing::simulated
