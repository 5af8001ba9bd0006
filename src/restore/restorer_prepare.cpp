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

namespace {

/// Why the stored rows cannot be used; empty: they can.
std::optional<std::string> why_not(const state::TaskStores& stores, const Changelog& changelog,
                                   const RemovalAge& removal_age, Offset stored, Offset first,
                                   Offset end) {
    if (changelog.rebuild || stored + 1 < first || stored >= end) {
        return "the stored offset is not in the changelog: stored offset " +
               std::to_string(stored) + ", changelog from " + std::to_string(first) + " to " +
               std::to_string(end);
    }
    return removal_age.why_too_old(changelog.what.changelog.topic,
                                   stores.current_at(changelog.what.store));
}

}  // namespace

/// Looks up the start and end offsets. False: the cluster did not answer, retry later. The request
/// is made without the task's lock, so that a thread that removes the task does not wait for it.
bool Restorer::prepare(Task& task) {
    std::vector<TopicPartition> partitions;
    std::vector<Changelog*> changelogs;
    int promotions = 0;
    {
        const MutexLock lock(task.mutex);
        promotions = task.promotions;
        for (Changelog& changelog : task.changelogs) {
            if (changelog.phase == Phase::kNew || changelog.phase == Phase::kPromoted ||
                changelog.phase == Phase::kFollowing) {
                partitions.push_back(changelog.what.changelog);
                changelogs.push_back(&changelog);
            }
        }
    }
    std::vector<Offset> begins;
    std::vector<Offset> ends;
    const Timestamp now = parts_.clock->now();
    if (!partitions.empty()) {
        if (task.standby && !look_up_limits({&task}, parts_.request_timeout)) {
            return false;
        }
        // The first offset is looked up before the end offset: it can only grow, so begin <= end
        // holds.
        constexpr auto kAll = kafka::Isolation::kReadUncommitted;
        begins = offsets(task, partitions, kafka::OffsetSpec::kEarliest, kAll);
        ends =
            begins.empty() ? begins : offsets(task, partitions, kafka::OffsetSpec::kLatest, kAll);
        if (ends.empty()) {
            return false;
        }
        if (const kafka::Status status = removal_age_.look_up(partitions); !status.ok()) {
            log_.warn("cannot look up delete.retention.ms of the changelogs of task " +
                      to_string(task.id) + ", retrying: " + status.message());
            return false;
        }
    }
    for (std::size_t i = 0; i < changelogs.size(); ++i) {
        const MutexLock lock(task.mutex);
        if (task.cancelled || task.held || task.promotions != promotions) {
            return false;
        }
        begin_or_continue(task, *changelogs[i], begins.at(i), ends.at(i), now);
    }
    const MutexLock lock(task.mutex);
    task.prepared_at = parts_.clock->monotonic();
    task.prepared = task.promotions == promotions;
    return task.prepared;
}

/// With the ends of the changelog as of now.
void Restorer::begin_or_continue(Task& task, Changelog& changelog, Offset first, Offset end,
                                 Timestamp now) {
    const std::size_t store = changelog.what.store;
    if (changelog.phase == Phase::kNew) {
        begin(task, changelog, first, end, now);
        return;
    }
    const kafka::PartitionQueue* queue = consumer_->queue(changelog.what.changelog);
    const Offset position = queue == nullptr ? 0 : queue->position().value_or(0);
    if (changelog.phase == Phase::kFollowing) {
        if (position >= end) {
            task.stores->finish_restore(store, changelog.last, now);
        }
        return;
    }
    if (changelog.last && *changelog.last >= end) {
        changelog.rebuild = true;  // The log was truncated.
    }
    if (changelog.rebuild) {
        stop_reading(changelog, Phase::kNew);
        begin(task, changelog, first, end, now);
        return;
    }
    changelog.end = std::min(end, changelog.what.limit.value_or(end));
    changelog.end_at = changelog.end == end ? std::optional(now) : std::nullopt;
    changelog.phase = Phase::kReading;
    changelog.total = 0;
    const Offset from = changelog.last ? *changelog.last + 1 : changelog.first;
    reports_.begun(task.id, changelog, from);
    if (from >= changelog.end || position >= changelog.end) {
        stop_reading(changelog, Phase::kRead);
        finish(task, changelog);
    }
}

void Restorer::begin(Task& task, Changelog& changelog, Offset first, Offset end, Timestamp now) {
    const std::size_t store = changelog.what.store;
    std::optional<Offset> stored = task.stores->changelog_offset(store);
    const Offset last_to_read = std::min(end, changelog.what.limit.value_or(end));
    changelog.end = task.standby ? changelog.what.limit.value_or(kNoEnd) : last_to_read;
    changelog.first_end = last_to_read;
    changelog.end_at = last_to_read == end ? std::optional(now) : std::nullopt;
    if (stored) {
        if (const auto why = why_not(*task.stores, changelog, removal_age_, *stored, first, end)) {
            log::warn("rebuilding store " + changelog.what.name + " of task " + to_string(task.id) +
                      " from its changelog: " + *why);
            stored.reset();
        }
    }
    Offset from = first;
    if (stored) {
        from = *stored + 1;
    } else {
        task.stores->clear(store, now);
    }
    changelog.rebuild = false;
    MILLRACE_FAIL_POINT("restore.begun");
    changelog.last = stored;
    changelog.total = 0;
    changelog.unfinished = false;
    changelog.first = from;
    if (task.standby) {
        standby_reports_.begun(changelog, from);
        if (from >= changelog.first_end) {
            task.stores->finish_restore(store, stored, changelog.end_at);
        }
    } else {
        reports_.begun(task.id, changelog, from);
        if (from >= changelog.end) {
            finish(task, changelog);
            return;
        }
    }
    changelog.caught_up = false;
    read_or_park(changelog, from);
    changelog.phase = task.standby ? Phase::kFollowing : Phase::kReading;
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
    {
        const MutexLock lock(task.mutex);
        for (const Changelog& changelog : task.changelogs) {
            if (changelog.phase == Phase::kReading) {
                reading.push_back(&changelog);
                partitions.push_back(changelog.what.changelog);
            }
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

}  // namespace millrace::restore
