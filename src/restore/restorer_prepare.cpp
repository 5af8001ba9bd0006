// SPDX-License-Identifier: Apache-2.0

// What a restore begins with: the offsets of the changelogs, and which rows of the stores are kept.
#include "core/fail_point.hpp"
#include "core/log.hpp"
#include "millrace/core/error.hpp"
#include "restore/restorer.hpp"
#include "restore/restoring_task.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

namespace millrace::restore {

namespace {

/// How often the end of an idle standby's changelog is looked up, so that its state may be trusted
/// after a restart.
constexpr std::chrono::minutes kConfirmInterval{5};

/// Open transactions are looked up only for restores that take longer. Most do not.
constexpr std::chrono::seconds kFirstLook{1};

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

/// The changelogs of a task whose offsets are looked up.
struct Restorer::Preparation {
    std::shared_ptr<Task> task;
    int promotions = 0;  ///< Of the task when the look-up began.
    std::vector<Changelog*> changelogs;
};

/// Looks up the offsets of all tasks that need them with the same requests: when a thread gets many
/// tasks at once, none waits for the requests of the others. If that fails, each task is tried
/// alone: one whose changelog has no leader, or must not be read, does not hold up the others.
void Restorer::prepare(const std::vector<std::shared_ptr<Task>>& tasks, bool standbys) {
    if (paused()) {
        return;
    }
    std::vector<std::shared_ptr<Task>> waiting;
    const auto now = parts_.clock->monotonic();
    for (const auto& task : tasks) {
        if (task->standby == standbys && !task->cancelled &&
            (!task->prepared || (standbys && now - task->prepared_at >= kConfirmInterval))) {
            waiting.push_back(task);
        }
    }
    const auto together = [&] {
        try {
            return look_up(waiting);
        } catch (const std::exception&) {
            return false;  // Thrown again for the task that causes it.
        }
    };
    if (waiting.size() > 1 && together()) {
        return;
    }
    for (const auto& task : waiting) {
        if (!task->cancelled) {  // Its owner does not wait for requests.
            attempt(task, [&] { look_up({task}); });
        }
    }
}

/// Looks up the start and end offsets. False: the cluster did not answer, retry later. The requests
/// are made without the tasks' locks, so that a thread that removes a task does not wait for them.
bool Restorer::look_up(const std::vector<std::shared_ptr<Task>>& tasks) {
    std::vector<Preparation> preparations;
    std::vector<TopicPartition> partitions;
    for (const auto& task : tasks) {
        const MutexLock lock(task->mutex);
        Preparation& preparation =
            preparations.emplace_back(Preparation{task, task->promotions, {}});
        task->prepared = false;
        for (Changelog& changelog : task->changelogs) {
            if (changelog.phase == Phase::kNew || changelog.phase == Phase::kPromoted ||
                changelog.phase == Phase::kFollowing) {
                partitions.push_back(changelog.what.changelog);
                preparation.changelogs.push_back(&changelog);
            }
        }
    }
    const Timestamp now = parts_.clock->now();
    std::vector<Offset> begins;
    std::vector<Offset> ends;
    if (!partitions.empty()) {
        if (!look_up_limits(tasks, parts_.request_timeout)) {
            return false;
        }
        // The first offset is looked up before the end offset: it can only grow, so begin <= end
        // holds.
        constexpr auto kAll = kafka::Isolation::kReadUncommitted;
        begins = offsets(partitions, kafka::OffsetSpec::kEarliest, kAll);
        ends = begins.empty() ? begins : offsets(partitions, kafka::OffsetSpec::kLatest, kAll);
        if (ends.empty()) {
            return false;
        }
        if (const kafka::Status status = removal_age_.look_up(partitions); !status.ok()) {
            log_.warn("cannot look up delete.retention.ms of changelogs, retrying: " +
                      status.message());
            return false;
        }
    }
    std::size_t at = 0;
    for (const Preparation& preparation : preparations) {
        attempt(preparation.task, [&] {
            begin_or_continue(preparation, std::span(begins).subspan(at),
                              std::span(ends).subspan(at), now);
        });
        at += preparation.changelogs.size();
    }
    return true;
}

/// `begins` and `ends` start with the offsets of this task's changelogs; those of other tasks
/// follow.
void Restorer::begin_or_continue(const Preparation& preparation, std::span<const Offset> begins,
                                 std::span<const Offset> ends, Timestamp now) {
    Task& task = *preparation.task;
    for (std::size_t i = 0; i < preparation.changelogs.size(); ++i) {
        const MutexLock lock(task.mutex);
        if (task.cancelled || task.held || task.promotions != preparation.promotions) {
            return;
        }
        begin_or_continue(task, *preparation.changelogs[i], begins[i], ends[i], now);
    }
    const MutexLock lock(task.mutex);
    task.prepared_at = parts_.clock->monotonic();
    task.prepared = task.promotions == preparation.promotions;
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
    if (!read_committed_ || now - task.prepared_at < kFirstLook ||
        (task.transactions_looked_up &&
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
        offsets(partitions, kafka::OffsetSpec::kLatest, kafka::Isolation::kReadCommitted);
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
std::vector<Offset> Restorer::offsets(const std::vector<TopicPartition>& of,
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
    log_.warn("cannot look up the end offsets of changelogs, retrying: " + status.message());
    return {};
}

}  // namespace millrace::restore
