// SPDX-License-Identifier: Apache-2.0
#include "restore/restorer.hpp"

#include "core/check.hpp"
#include "core/fail_point.hpp"
#include "core/log.hpp"
#include "kafka/isolation_of.hpp"
#include "millrace/core/error.hpp"
#include "restore/restoring_task.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace millrace::restore {

Restorer::Restorer(Parts parts)
    : parts_(std::move(parts)),
      removal_age_(*parts_.admin, *parts_.clock, parts_.request_timeout),
      reports_(std::move(parts_.listener), *parts_.metrics, parts_.progress, parts_.thread),
      standby_reports_(std::move(parts_.standby_listener), *parts_.metrics, parts_.thread),
      listener_(std::make_unique<Listener>()),
      log_(*parts_.clock),
      read_committed_(kafka::isolation_of(parts_.consumer_settings) ==
                      kafka::Isolation::kReadCommitted),
      open_transactions_(*parts_.clock) {
    MILLRACE_CHECK(parts_.supplier != nullptr && parts_.admin != nullptr &&
                   parts_.clock != nullptr && parts_.metrics != nullptr);
    consumer_ = parts_.supplier->make_consumer(parts_.consumer_settings, nullptr);
    headers_.resize(kBatchRecords);
}

Restorer::~Restorer() {
    messages_.clear();  // Destroyed before the consumer that owns their memory.
}

void Restorer::add(const void* owner, TaskId id, state::TaskStores& stores,
                   std::vector<StoreToRestore> to_restore, RestoreMailbox mailbox) {
    insert(owner, id, stores, std::move(to_restore), std::move(mailbox), false);
}

void Restorer::insert(const void* owner, TaskId id, state::TaskStores& stores,
                      std::vector<StoreToRestore> to_restore, RestoreMailbox mailbox,
                      bool standby) {
    auto task = std::make_shared<Task>();
    task->owner = owner;
    task->id = id;
    task->stores = &stores;
    task->mailbox = std::move(mailbox);
    task->standby = standby;
    task->stores_to_restore = to_restore.size();
    for (StoreToRestore& what : to_restore) {
        task->changelogs.push_back({.what = std::move(what)});
        if (standby) {
            task->changelogs.back().lag = standby_reports_.lag_metric(id, task->changelogs.back());
        }
    }
    {
        const MutexLock lock(mutex_);
        const bool added = tasks_.try_emplace({owner, id}, std::move(task)).second;
        MILLRACE_CHECK(added);
    }
    consumer_->wake_up();
}

bool Restorer::remove(const void* owner, TaskId id) {
    const std::shared_ptr<Task> task = find(owner, id);
    if (task == nullptr) {
        return false;
    }
    {
        const MutexLock lock(mutex_);
        const auto found = tasks_.find({owner, id});
        if (found == tasks_.end() || found->second != task) {
            return false;  // It has just ended.
        }
        tasks_.erase(found);
    }
    task->cancelled.store(true);  // Stops after the current batch.
    consumer_->wake_up();
    const MutexLock task_lock(task->mutex);
    for (Changelog& changelog : task->changelogs) {
        if (assigned(changelog)) {
            const MutexLock lock(mutex_);
            orphans_.push_back(changelog.what.changelog);
        }
        if (task->standby) {
            standby_reports_.ended(id, changelog, StandbySuspension::kMigrated);
        } else {
            reports_.suspended(changelog);
        }
    }
    forget_remaining(*task);
    return true;
}

/// Removes the metric.
void Restorer::forget_remaining(Task& task) {
    if (std::exchange(task.remaining, nullptr) != nullptr) {
        reports_.remove_remaining(task.id);
    }
}

/// Null if it is neither restored nor followed.
std::shared_ptr<Restorer::Task> Restorer::find(const void* owner, TaskId id) const {
    const MutexLock lock(mutex_);
    const auto found = tasks_.find({owner, id});
    return found == tasks_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<Restorer::Task>> Restorer::snapshot() const {
    const MutexLock lock(mutex_);
    std::vector<std::shared_ptr<Task>> tasks;
    tasks.reserve(tasks_.size());
    for (const auto& [key, task] : tasks_) {
        tasks.push_back(task);
    }
    // Not in the order of the owners' addresses, which differ from run to run.
    std::stable_sort(tasks.begin(), tasks.end(),
                     [](const auto& left, const auto& right) { return left->id < right->id; });
    return tasks;
}

bool Restorer::idle() const {
    const MutexLock lock(mutex_);
    return std::all_of(tasks_.begin(), tasks_.end(),
                       [](const auto& each) { return each.second->standby.load(); });
}

Restorer::Work Restorer::work() const {
    const MutexLock lock(mutex_);
    Work work;
    for (const auto& [key, task] : tasks_) {
        (task->standby ? work.standby : work.restoring) += task->stores_to_restore;
    }
    return work;
}

void Restorer::wake_up() {
    consumer_->wake_up();
}

std::chrono::milliseconds Restorer::run_once(Timestamp) {
    // The tasks first: one that was removed and added again has left its changelogs before.
    const auto tasks = snapshot();
    unassign_orphans();
    take_turns(tasks);
    const auto work_on_each = [&](bool standby) {
        bool progress = false;
        for (const auto& task : tasks) {
            if (task->standby == standby && !paused()) {
                progress = work_on(task) || progress;
            }
        }
        return progress;
    };
    prepare(tasks, false);
    bool progress = work_on_each(false);
    if (!progress) {  // Standbys wait for tasks that will run.
        refresh_limits(tasks);
        prepare(tasks, true);
        progress = work_on_each(true);
    }
    reports_.log_if_due();
    consumer_->poll(progress ? std::chrono::milliseconds{0} : parts_.poll);
    for (const auto& [partition, status] : std::exchange(listener_->errors, {})) {
        failed(partition, status);
    }
    if (!listener_->last_error.empty() && !idle()) {
        log_.warn("restoring is delayed: " + std::exchange(listener_->last_error, {}));
    }
    return std::chrono::milliseconds{0};
}

bool Restorer::paused() const {
    return parts_.paused != nullptr && parts_.paused->load(std::memory_order_relaxed);
}

/// Makes progress with one task. Returns whether anything was done.
bool Restorer::work_on(const std::shared_ptr<Task>& task) {
    if (task->cancelled) {
        return false;  // Removed in this turn: its owner does not wait for requests.
    }
    bool progress = false;
    bool done = false;
    const bool failed = !attempt(task, [&] {
        if (task->prepared) {
            report_open_transactions(*task);
            progress = advance(*task);
        }
        done = report(*task);
        if (done) {
            MILLRACE_FAIL_POINT("restore.handing_over");
        }
    });
    if (done && !failed) {
        finish_task(task, nullptr);
    }
    return progress || done || failed;
}

/// Returns false if `step` throws: the task's owner gets the error.
bool Restorer::attempt(const std::shared_ptr<Task>& task, const std::function<void()>& step) {
    std::exception_ptr error;
    try {
        step();
        return true;
    } catch (const std::exception& failure) {
        log::error("cannot restore task " + to_string(task->id) + ": " + failure.what());
        error = std::current_exception();
    } catch (...) {
        error = std::make_exception_ptr(KafkaError("cannot restore task " + to_string(task->id) +
                                                   ": exception not derived from std::exception"));
    }
    finish_task(task, std::move(error));
    return false;
}

/// Reports the lag. Returns whether the task is restored.
bool Restorer::report(Task& task) {
    const MutexLock lock(task.mutex);
    if (!task.prepared || task.cancelled || task.held) {
        return false;
    }
    std::int64_t lag = 0;
    for (const Changelog& changelog : task.changelogs) {
        if (changelog.phase != Phase::kDone) {
            lag += lag_of(changelog, consumer_->queue(changelog.what.changelog));
        }
    }
    if (parts_.on_lag) {
        parts_.on_lag(task.id, lag);
    }
    if (!task.standby) {
        task.remaining = task.remaining != nullptr ? task.remaining : reports_.remaining(task.id);
        task.remaining->set(static_cast<double>(lag));
    }
    return !task.standby && task.complete();
}

void Restorer::unassign_orphans() {
    std::vector<TopicPartition> orphans;
    {
        const MutexLock lock(mutex_);
        orphans.swap(orphans_);
    }
    if (!orphans.empty()) {
        const kafka::Status status = consumer_->unassign(orphans);
        if (!status.ok()) {
            log::warn("cannot stop reading changelogs: " + status.message());
        }
    }
}

void Restorer::finish_task(const std::shared_ptr<Task>& task, std::exception_ptr error) {
    // The mailbox is called under the lock: a thread that removes the task waits, and gets no
    // message after that.
    const MutexLock lock(mutex_);
    const auto found = tasks_.find({task->owner, task->id});
    if (found == tasks_.end() || found->second != task) {
        return;  // The task is being removed.
    }
    tasks_.erase(found);
    for (Changelog& changelog : task->changelogs) {
        if (assigned(changelog)) {
            orphans_.push_back(changelog.what.changelog);
        }
        changelog.progress.reset();
        if (task->standby) {
            standby_reports_.remove_lag_metric(task->id, changelog);
        }
    }
    forget_remaining(*task);
    task->cancelled.store(true);
    task->mailbox({task->id, std::move(error)});
}

void Restorer::failed(const TopicPartition& partition, const kafka::Status& status) {
    // If the topic does not exist, wait for it, and read it from its beginning when it is created
    // again.
    const bool gone = status.code() == kafka::ErrorCode::kUnknownTopic;
    if (!gone && status.code() != kafka::ErrorCode::kOffsetOutOfRange) {
        log_.warn("cannot read changelog " + to_string(partition) + ": " + status.message());
        return;
    }
    for (const auto& task : snapshot()) {
        const MutexLock lock(task->mutex);
        for (Changelog& changelog : task->changelogs) {
            if (!task->cancelled && assigned(changelog) && changelog.what.changelog == partition) {
                stop_reading(changelog, Phase::kNew);
                changelog.rebuild = true;
                task->prepared = false;
            }
        }
    }
}

}  // namespace millrace::restore
