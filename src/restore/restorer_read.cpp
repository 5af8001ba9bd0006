// SPDX-License-Identifier: Apache-2.0

// How a restore reads changelogs and applies their records.
#include "core/fail_point.hpp"
#include "core/log.hpp"
#include "millrace/core/error.hpp"
#include "restore/restorer.hpp"
#include "restore/restoring_task.hpp"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

namespace millrace::restore {

namespace {

constexpr int kBatchesAtOnce = 16;

/// Fewer, because restoring tasks wait for the standbys' turns.
constexpr int kStandbyBatchesAtOnce = 2;

void apply(state::TaskStores& stores, const Changelog& changelog,
           std::span<const state::ChangelogRecord> records) {
    try {
        stores.restore(changelog.what.store, records);
    } catch (const StateError& error) {
        throw StateError("cannot restore store " + changelog.what.name + ": topic " +
                         changelog.what.changelog.topic + ", partition " +
                         std::to_string(changelog.what.changelog.partition) + ": " + error.what());
    }
}

/// Appends the records before the end of the changelog that the store contains.
void take_records(Changelog& changelog, std::span<const kafka::Message> messages,
                  std::vector<Headers>& headers, std::vector<state::ChangelogRecord>& records) {
    records.clear();
    for (std::size_t i = 0; i < messages.size() && messages[i].offset() < changelog.end; ++i) {
        const kafka::Message& message = messages[i];
        changelog.last = message.offset();
        if (message.key()) {
            message.refer_headers(headers[i]);
            const auto time = changelog.what.filter ? changelog.what.filter(message, headers[i])
                                                    : std::optional(message.timestamp());
            if (time) {
                records.push_back(
                    {message.key(), message.value(), *time, message.offset(), &headers[i]});
            }
        }
    }
}

void go_back_to_end(kafka::Consumer& consumer, const Changelog& changelog) {
    const kafka::Status status = consumer.seek({changelog.what.changelog, changelog.end});
    if (!status.ok()) {
        throw KafkaError("cannot read changelog: " + status.message());
    }
}

}  // namespace

/// Applies the received records in batches. Between batches the task can be removed, and after
/// kBatchesAtOnce other tasks get their turn.
bool Restorer::advance(Task& task) {
    bool any = false;
    for (Changelog& changelog : task.changelogs) {
        const int batches = task.standby ? kStandbyBatchesAtOnce : kBatchesAtOnce;
        for (int batch = 0; batch < batches; ++batch) {
            const MutexLock lock(task.mutex);
            const bool reading =
                changelog.phase == Phase::kReading || changelog.phase == Phase::kFollowing;
            if (task.cancelled || task.held || paused() || !reading || !read(task, changelog)) {
                break;
            }
            any = true;
        }
    }
    if (task.standby) {
        keep_up(task);
    }
    return any;
}

/// Applies one batch. False if there was none.
bool Restorer::read(Task& task, Changelog& changelog) {
    kafka::PartitionQueue* queue = consumer_->queue(changelog.what.changelog);
    if (queue == nullptr) {
        return false;
    }
    std::size_t most = kBatchRecords;
    if (task.standby) {
        const std::int64_t left = changelog.end - queue->position().value_or(0);
        most = std::min<std::size_t>(most, static_cast<std::size_t>(std::max<Offset>(0, left)));
    }
    messages_.clear();
    const std::size_t count = most == 0 ? 0 : queue->read(messages_, most);
    take_records(changelog, std::span(messages_).first(count), headers_, records_);
    if (!records_.empty()) {
        apply(*task.stores, changelog, records_);
        MILLRACE_FAIL_POINT("restore.batch_applied");
        changelog.total += static_cast<std::int64_t>(records_.size());
        changelog.unfinished = true;
        if (task.standby) {
            standby_reports_.loaded(task.id, changelog, *queue, records_.size());
        } else {
            reports_.loaded(changelog, records_.size());
        }
    }
    changelog.read_in_turn += static_cast<std::int64_t>(count);
    const bool beyond = count > 0 && messages_.back().offset() >= changelog.end;
    for (std::size_t i = 0; i < count; ++i) {
        headers_[i].clear();
    }
    messages_.clear();
    if (task.standby) {
        if (beyond) {  // Offsets have gaps: read these again when the limit has moved.
            go_back_to_end(*consumer_, changelog);
        }
        return count > 0;
    }
    // The position includes the control records and gaps at the end of many changelogs.
    const auto position = queue->position();
    if ((changelog.last && *changelog.last + 1 >= changelog.end) ||
        (position && *position >= changelog.end)) {
        stop_reading(changelog, Phase::kRead);
        finish(task, changelog);
        return true;
    }
    return count > 0;
}

void Restorer::stop_reading(Changelog& changelog, Phase next) {
    changelog.phase = next;
    changelog.progress.reset();
    if (!std::exchange(changelog.parked, false)) {
        unassign(changelog);
    }
}

/// Only changelogs that are assigned: the consumer unassigns several all or none.
void Restorer::unassign(const Changelog& changelog) {
    const kafka::Status status = consumer_->unassign(std::span(&changelog.what.changelog, 1));
    if (!status.ok()) {
        log::warn("cannot stop reading changelog: " + status.message());
    }
}

void Restorer::finish(Task& task, Changelog& changelog) {
    task.stores->finish_restore(changelog.what.store, changelog.last, changelog.end_at);
    MILLRACE_FAIL_POINT("restore.finished");
    changelog.phase = Phase::kDone;
    reports_.ended(changelog);
}

}  // namespace millrace::restore
