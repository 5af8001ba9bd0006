// SPDX-License-Identifier: Apache-2.0

// Standbys: their changelogs are read without an end offset until they are promoted or removed.
#include "core/check.hpp"
#include "core/log.hpp"
#include "millrace/core/error.hpp"
#include "restore/restorer.hpp"
#include "restore/restoring_task.hpp"

#include <algorithm>
#include <utility>

namespace millrace::restore {

namespace {

using std::chrono::milliseconds;

/// How often the committed offsets that limit standbys are looked up. The timeout is short, because
/// restoring tasks wait meanwhile.
constexpr std::chrono::seconds kLimitInterval{1};
constexpr milliseconds kLimitTimeout{2'000};

}  // namespace

void Restorer::follow(const void* owner, TaskId id, state::TaskStores& stores,
                      std::vector<StoreToRestore> to_restore, RestoreMailbox mailbox) {
    insert(owner, id, stores, std::move(to_restore), std::move(mailbox), true);
}

bool Restorer::hold(const void* owner, TaskId id) {
    const std::shared_ptr<Task> task = find(owner, id);
    if (task == nullptr) {
        return false;
    }
    {
        const MutexLock lock(task->mutex);
        task->held = true;
    }
    return find(owner, id) == task;
}

bool Restorer::promote(const void* owner, TaskId id, const void* new_owner,
                       std::vector<StoreToRestore> to_restore, RestoreMailbox mailbox) {
    const std::shared_ptr<Task> task = find(owner, id);
    if (task == nullptr) {
        return false;
    }
    const MutexLock task_lock(task->mutex);
    for (const Changelog& changelog : task->changelogs) {
        standby_reports_.ended(id, changelog, StandbySuspension::kPromoted);
    }
    const MutexLock lock(mutex_);
    const auto found = tasks_.find({owner, id});
    if (found == tasks_.end() || found->second != task) {
        return false;  // It has just failed.
    }
    for (Changelog& changelog : task->changelogs) {
        changelog.lag.reset();
        if (changelog.phase == Phase::kFollowing) {
            changelog.phase = Phase::kPromoted;
        }
        for (StoreToRestore& what : to_restore) {
            if (what.store == changelog.what.store) {
                changelog.what = std::move(what);
            }
        }
    }
    task->owner = new_owner;
    task->mailbox = std::move(mailbox);
    task->standby = false;
    task->held = false;
    task->prepared = false;
    ++task->promotions;
    tasks_.erase(found);
    const bool added = tasks_.try_emplace({new_owner, id}, task).second;
    MILLRACE_CHECK(added);
    consumer_->wake_up();
    return true;
}

/// Sets the limits of standbys to the group's committed offsets. Returns false if the coordinator
/// did not respond in time.
bool Restorer::look_up_limits(const std::vector<std::shared_ptr<Task>>& tasks,
                              milliseconds timeout) {
    std::vector<TopicPartition> partitions;
    for (const auto& task : tasks) {
        const MutexLock lock(task->mutex);
        for (const Changelog& changelog : task->changelogs) {
            if (task->standby && changelog.what.limit) {
                partitions.push_back(changelog.what.changelog);
            }
        }
    }
    if (partitions.empty()) {
        return true;
    }
    const auto committed = parts_.admin->group_offsets(parts_.group, partitions, timeout);
    if (!committed.ok()) {
        log_.warn("cannot look up the committed offsets that limit standbys, retrying: " +
                  committed.status().message());
        return false;
    }
    for (const auto& task : tasks) {
        const MutexLock lock(task->mutex);
        for (Changelog& changelog : task->changelogs) {
            const auto found = committed.value().find(changelog.what.changelog);
            if (!task->standby || !changelog.what.limit || found == committed.value().end()) {
                continue;
            }
            changelog.what.limit = found->second.offset.value_or(0);
            if (changelog.phase == Phase::kFollowing) {
                changelog.end = *changelog.what.limit;
            }
        }
    }
    return true;
}

void Restorer::refresh_limits(const std::vector<std::shared_ptr<Task>>& tasks) {
    const auto now = parts_.clock->monotonic();
    if (paused() || (limits_looked_up_ && now - *limits_looked_up_ < kLimitInterval)) {
        return;
    }
    limits_looked_up_ = now;
    std::vector<std::shared_ptr<Task>> standbys;
    for (const auto& task : tasks) {
        if (task->standby && task->prepared) {
            standbys.push_back(task);
        }
    }
    look_up_limits(standbys, std::min(parts_.request_timeout, kLimitTimeout));
}

/// Updates the lag. At the end of a changelog, finishes the store, so that its rows can be trusted
/// after a restart.
void Restorer::keep_up(Task& task) {
    const MutexLock lock(task.mutex);
    if (task.cancelled || task.held || !task.standby) {
        return;
    }
    for (Changelog& changelog : task.changelogs) {
        const kafka::PartitionQueue* queue = consumer_->queue(changelog.what.changelog);
        if (changelog.phase != Phase::kFollowing || queue == nullptr) {
            continue;
        }
        const auto position = queue->position();
        const bool at_end = queue->lag() == 0;
        // An empty store gets its first offset when it is finished, later ones with each batch.
        const bool first_end =
            position >= changelog.first_end && !task.stores->changelog_offset(changelog.what.store);
        if (changelog.unfinished && (at_end || position >= changelog.end || first_end)) {
            task.stores->finish_restore(changelog.what.store, changelog.last,
                                        at_end ? std::optional(parts_.clock->now()) : std::nullopt);
            changelog.unfinished = false;
        }
        changelog.lag->set(static_cast<double>(lag_of(changelog, queue)));
        changelog.caught_up = changelog.caught_up || at_end || position >= changelog.end;
        changelog.known_end = position && queue->lag() ? *position + *queue->lag() : -1;
    }
}

}  // namespace millrace::restore
