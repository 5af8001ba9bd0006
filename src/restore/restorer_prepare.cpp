// SPDX-License-Identifier: Apache-2.0

// What a restore begins with: the offsets of the changelogs, and which rows of the stores are kept.
#include "core/fail_point.hpp"
#include "core/log.hpp"
#include "millrace/core/error.hpp"
#include "restore/restorer.hpp"
#include "restore/restoring_task.hpp"

#include <algorithm>
#include <utility>

namespace millrace::restore {

/// Looks up the start and end offsets. False: the cluster did not answer, retry later. The request
/// is made without the task's lock, so that a thread that removes the task does not wait for it.
bool Restorer::prepare(Task& task) {
    std::vector<TopicPartition> partitions;
    std::vector<Changelog*> fresh;
    for (Changelog& changelog : task.changelogs) {
        if (changelog.phase == Phase::kNew) {
            partitions.push_back(changelog.what.changelog);
            fresh.push_back(&changelog);
        }
    }
    if (!fresh.empty()) {
        const Timestamp now = parts_.clock->now();
        // The first offset is looked up before the end offset: it can only grow, so begin <= end
        // holds.
        constexpr auto kAll = kafka::Isolation::kReadUncommitted;
        const auto begins = offsets(task, partitions, kafka::OffsetSpec::kEarliest, kAll);
        const auto ends =
            begins.empty() ? begins : offsets(task, partitions, kafka::OffsetSpec::kLatest, kAll);
        if (ends.empty()) {
            return false;
        }
        if (const kafka::Status status = removal_age_.look_up(partitions); !status.ok()) {
            log_.warn("cannot look up delete.retention.ms of the changelogs of task " +
                      to_string(task.id) + ", retrying: " + status.message());
            return false;
        }
        for (std::size_t i = 0; i < fresh.size(); ++i) {
            const MutexLock lock(task.mutex);
            if (task.cancelled) {
                return false;
            }
            begin(task, *fresh[i], begins.at(i), ends.at(i), now);
        }
    }
    task.prepared = true;
    return true;
}

/// A read_committed consumer gets nothing beyond the first record of an open transaction. Rows of
/// this application may follow it, so the restore waits until the transaction ends (KAFKA-10167).
void Restorer::report_open_transactions(Task& task) {
    const std::chrono::nanoseconds now = parts_.clock->monotonic();
    if (!read_committed_ || (task.transactions_looked_up &&
                             now - *task.transactions_looked_up < OpenTransactions::kInterval)) {
        return;
    }
    std::vector<const Changelog*> reading;
    std::vector<TopicPartition> partitions;
    for (const Changelog& changelog : task.changelogs) {
        if (changelog.phase == Phase::kReading) {
            reading.push_back(&changelog);
            partitions.push_back(changelog.what.changelog);
        }
    }
    if (reading.empty()) {
        return;
    }
    const auto stable =
        offsets(task, partitions, kafka::OffsetSpec::kLatest, kafka::Isolation::kReadCommitted);
    for (std::size_t i = 0; i < stable.size(); ++i) {
        if (stable[i] < reading[i]->end) {
            open_transactions_.blocked(reading[i]->what.name, partitions[i], stable[i],
                                       reading[i]->end);
        } else {
            open_transactions_.ended(partitions[i]);
        }
    }
    if (!stable.empty()) {
        task.transactions_looked_up = now;
    }
}

/// Empty: no response.
std::vector<Offset> Restorer::offsets(const Task& task, const std::vector<TopicPartition>& of,
                                      kafka::OffsetSpec which, kafka::Isolation isolation) {
    auto found = MILLRACE_FAIL_POINT_ANSWER(
        "restore.ends_read",
        parts_.admin->list_offsets(of, which, isolation, parts_.request_timeout));
    if (found.ok()) {
        return std::move(found.value());
    }
    const kafka::Status status = found.status();
    if (!status.retriable() && status.code() != kafka::ErrorCode::kUnknownTopic) {
        throw KafkaError("cannot look up the end offsets of changelogs: " + status.message());
    }
    log_.warn("cannot look up the end offsets of changelogs of task " + to_string(task.id) +
              ", retrying: " + status.message());
    return {};
}

/// Why the stored rows cannot be used; empty: they can.
std::optional<std::string> Restorer::why_not(const Task& task, const Changelog& changelog,
                                             Offset stored, Offset first, Offset end) const {
    if (changelog.rebuild || stored + 1 < first || stored >= end) {
        return "the stored offset is not in the changelog: stored offset " +
               std::to_string(stored) + ", changelog from " + std::to_string(first) + " to " +
               std::to_string(end);
    }
    return removal_age_.why_too_old(changelog.what.changelog.topic,
                                    task.stores->current_at(changelog.what.store));
}

}  // namespace millrace::restore
