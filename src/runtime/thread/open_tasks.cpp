// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/open_tasks.hpp"

#include "core/check.hpp"
#include "core/fail_point.hpp"
#include "core/log.hpp"
#include "runtime/task/source_filter.hpp"
#include "runtime/task/task_errors.hpp"

#include <algorithm>
#include <utility>

namespace millrace::runtime {

OpenTasks::OpenTasks(Parts parts)
    : parts_(std::move(parts)),
      cache_(parts_.task_maker->memory().cache_bytes_per_thread()),
      standbys_({.thread_name = parts_.thread_name,
                 .task_maker = parts_.task_maker,
                 .task_settings = parts_.task_settings,
                 .restorer = parts_.restorer,
                 .clock = parts_.clock,
                 .wake_up = parts_.wake_up}) {}

bool OpenTasks::open(TaskId id, std::vector<TopicPartition> inputs,
                     std::vector<kafka::CommittedOffset> committed, bool wipe) {
    if (wipe) {
        close_kept_stores([id](TaskId each) { return each == id; });
        standbys_.close(id);
    }
    const bool promoted = standbys_.hold(id);
    try {
        return open(id, std::move(inputs), std::move(committed), wipe || standbys_.take_damaged(id),
                    promoted);
    } catch (...) {
        standbys_.forget(id);
        throw;
    }
}

/// `promoted`: takes over the stores of the standby, which is held.
bool OpenTasks::open(TaskId id, std::vector<TopicPartition> inputs,
                     std::vector<kafka::CommittedOffset> committed, bool wipe, bool promoted) {
    auto made = make(id, std::move(inputs), wipe, promoted);
    if (made == nullptr) {
        return false;
    }
    StreamTask& task = *made;
    std::vector<restore::StoreToRestore> stores;
    try {
        MILLRACE_FAIL_POINT("open.made");
        task.start_restoring();
        stores = changelogs_to_restore(task, committed);
    } catch (...) {
        standbys_.forget(id);
        made.reset();
        parts_.task_maker->closed(id);  // The next thread can make the task.
        throw;
    }
    registry_.add(id, {std::move(made), std::move(committed)});
    if (stores.empty()) {
        standbys_.forget(id);
        const MutexLock lock(mutex_);
        restored_.push_back({id, nullptr});
        return true;
    }
    const auto mailbox = [this](restore::RestoreResult result) { restored(std::move(result)); };
    if (!promoted || !parts_.restorer->promote(&standbys_, id, this, stores, mailbox)) {
        standbys_.forget(id);
        parts_.restorer->add(this, id, task.stores(), std::move(stores), mailbox);
    }
    return true;
}

std::unique_ptr<StreamTask> OpenTasks::make(TaskId id, std::vector<TopicPartition> inputs,
                                            bool wipe, bool promoted) {
    auto dropped =
        parts_.metrics->counter({"dropped-records-total",
                                 "stream-task-metrics",
                                 {{"thread-id", parts_.thread_name}, {"task-id", to_string(id)}}});
    std::unique_ptr<state::TaskStores> stores;
    if (promoted) {
        stores = standbys_.release(id);
    } else if (const auto kept = kept_.find(id); kept != kept_.end()) {
        stores = std::move(kept->second);
        kept_.erase(kept);
    } else {
        return parts_.task_maker->make(id, std::move(inputs), *parts_.collector, std::move(dropped),
                                       wipe);
    }
    return parts_.task_maker->make_again(id, std::move(inputs), *parts_.collector,
                                         std::move(dropped), std::move(stores));
}

std::vector<restore::StoreToRestore> OpenTasks::changelogs_to_restore(
    const StreamTask& task, const std::vector<kafka::CommittedOffset>& committed) const {
    return stores_to_restore(
        *parts_.task_maker, parts_.task_settings, task.task_id(),
        [&](const TopicPartition& partition) {
            const auto input = std::find(task.inputs().begin(), task.inputs().end(), partition);
            MILLRACE_CHECK(input != task.inputs().end());
            return committed[static_cast<std::size_t>(input - task.inputs().begin())]
                .offset.value_or(0);
        });
}

/// Called by the restore thread.
void OpenTasks::restored(restore::RestoreResult result) {
    {
        const MutexLock lock(mutex_);
        restored_.push_back(std::move(result));
    }
    parts_.wake_up();
}

void OpenTasks::start_restored() {
    std::vector<restore::RestoreResult> restored;
    {
        const MutexLock lock(mutex_);
        restored.swap(restored_);
    }
    bool any = false;
    for (auto result = restored.begin(); result != restored.end(); ++result) {
        TaskRegistry::Entry* entry = registry_.find(result->task);
        if (entry == nullptr || entry->task->state() != TaskState::kRestoring) {
            continue;
        }
        try {
            run_task_code(result->task, [&] {
                if (result->error != nullptr) {
                    std::rethrow_exception(result->error);
                }
                run(*entry);
            });
        } catch (...) {
            const MutexLock lock(mutex_);
            restored_.insert(restored_.end(), std::next(result), restored.end());
            throw;
        }
        any = true;
    }
    if (any) {
        publish();
    }
}

void OpenTasks::run(TaskRegistry::Entry& entry) {
    StreamTask& task = *entry.task;
    MILLRACE_FAIL_POINT("open.restored");
    task.stores().set_cache(cache_);
    task.complete_restoration(entry.committed, parts_.clock->now());
    for (std::size_t input = 0; input < task.inputs().size(); ++input) {
        kafka::PartitionQueue* queue = parts_.consumer->queue(task.inputs()[input]);
        if (queue != nullptr) {
            task.attach(input, *queue);
        }
    }
    parts_.task_maker->lags().set(task.task_id(), 0);
    report_size(task);
    registry_.refresh();
}

void OpenTasks::close_clean(TaskId id) {
    StreamTask& task = *registry_.find(id)->task;
    const std::vector<TaskId> standby = parts_.assignor->standby();
    const bool demoted = std::find(standby.begin(), standby.end(), id) != standby.end();
    std::unique_ptr<state::TaskStores> stores;
    run_task_code(id, [&] {
        task.suspend();
        if (demoted || parts_.task_maker->has_shelf()) {
            stores = task.close_releasing_stores();
        } else {
            task.close_clean();
        }
    });
    if (stores == nullptr) {
        keep_until_acknowledged(registry_.remove(id));
        return;
    }
    closed_.push_back(registry_.remove(id));
    if (demoted) {
        standbys_.adopt(id, std::move(stores));
    } else {
        parts_.task_maker->give_up(id, std::move(stores));
    }
}

/// True if the task's stores were being restored, without an error: another restore can continue
/// where this one stops.
bool OpenTasks::stop_restore(TaskId id) {
    bool sound = parts_.restorer->remove(this, id);
    // The result of this restore does not concern a later task of the same id.
    const MutexLock lock(mutex_);
    std::erase_if(restored_, [&](const auto& result) {
        sound = result.task == id ? result.error == nullptr : sound;
        return result.task == id;
    });
    return sound;
}

/// Null if there is no such task.
std::unique_ptr<StreamTask> OpenTasks::remove(TaskId id) {
    stop_restore(id);
    return registry_.remove(id);
}

/// Closes a task with `close`, and returns its open stores. Null if it has none to release, or
/// after an error, which is logged.
std::unique_ptr<state::TaskStores> OpenTasks::release_stores(std::unique_ptr<StreamTask> task,
                                                             CloseReleasingStores close) {
    try {
        if (auto stores = ((*task).*close)()) {
            closed_.push_back(std::move(task));
            return stores;
        }
    } catch (const std::exception& error) {
        log::error(parts_.thread_name + ": cannot close task " + to_string(task->task_id()) + ": " +
                   error.what());
    }
    keep_until_acknowledged(std::move(task));
    return nullptr;
}

/// Closes a task that is being restored. Its stores stay open for another thread of this client,
/// with what they have received. False if there is no such task, or after an error.
bool OpenTasks::give_up_restoring(TaskId id) {
    if (!parts_.task_maker->has_shelf() || !stop_restore(id)) {
        return false;
    }
    if (auto stores =
            release_stores(registry_.remove(id), &StreamTask::close_dirty_releasing_stores)) {
        parts_.task_maker->give_up(id, std::move(stores));
    }
    return true;
}

void OpenTasks::close_dirty(TaskId id) {
    close_kept_stores([id](TaskId each) { return each == id; });
    std::unique_ptr<StreamTask> task = remove(id);
    if (task == nullptr) {
        return;
    }
    try {
        task->close_dirty();
    } catch (const std::exception& error) {
        log::error(parts_.thread_name + ": cannot close task " + to_string(id) + ": " +
                   error.what());
    }
    keep_until_acknowledged(std::move(task));
}

void OpenTasks::drop(TaskId id) {
    if (!parts_.task_maker->has_shelf()) {
        close_dirty(id);
        return;
    }
    if (give_up_restoring(id)) {
        return;
    }
    close_kept_stores([id](TaskId each) { return each == id; });
    std::unique_ptr<StreamTask> task = remove(id);
    if (task == nullptr) {
        return;
    }
    if (auto stores = release_stores(std::move(task), &StreamTask::close_dirty_releasing_stores)) {
        parts_.task_maker->close_later(id, std::move(stores));
    }
}

void OpenTasks::close_for_restart(TaskId id) {
    const bool restorable = stop_restore(id);
    std::unique_ptr<StreamTask> task = registry_.remove(id);
    if (task == nullptr) {
        return;
    }
    const CloseReleasingStores close =
        restorable ? &StreamTask::close_dirty_releasing_stores : &StreamTask::close_keeping_stores;
    if (auto stores = release_stores(std::move(task), close)) {
        kept_.emplace(id, std::move(stores));
    }
}

void OpenTasks::close_kept_stores(const std::function<bool(TaskId)>& which) {
    for (auto kept = kept_.begin(); kept != kept_.end();) {
        const TaskId id = kept->first;
        if (which(id)) {
            kept = kept_.erase(kept);
            parts_.task_maker->closed(id);
        } else {
            ++kept;
        }
    }
}

void OpenTasks::close_all_dirty() {
    close_kept_stores([](TaskId) { return true; });
    for (const TaskId& id : registry_.ids()) {
        if (!give_up_restoring(id)) {
            close_dirty(id);
        }
    }
    standbys_.give_up_all();
    publish();
}

void OpenTasks::keep_until_acknowledged(std::unique_ptr<StreamTask> task) {
    parts_.task_maker->closed(task->task_id());
    closed_.push_back(std::move(task));
}

void OpenTasks::publish() {
    registry_.refresh();
    parts_.task_maker->lags().set_on_disk(parts_.task_maker->tasks_on_disk());
    parts_.assignor->set_tasks(registry_.ids(), standbys_.ids());
    const MutexLock lock(mutex_);
    metadata_ = registry_.metadata();
    standby_metadata_.clear();
    for (const TaskId& id : standbys_.ids()) {
        standby_metadata_.push_back({.id = id});
    }
}

void OpenTasks::report_sizes() {
    for (StreamTask* task : registry_.running()) {
        report_size(*task);
    }
}

void OpenTasks::report_size(StreamTask& task) {
    const std::size_t stores = parts_.task_maker->part_of(task.task_id()).stores.size();
    std::int64_t size = 0;
    for (std::size_t store = 0; store < stores; ++store) {
        const std::optional<Offset> last = task.stores().changelog_offset(store);
        size += last ? *last + 1 : 0;
    }
    if (stores > 0) {
        parts_.task_maker->lags().set_size(task.task_id(), size);
    }
}

void OpenTasks::resize_cache() {
    cache_.resize(parts_.task_maker->memory().cache_bytes_per_thread());
}

bool OpenTasks::sent_dead_letters() const {
    const auto sent = [](const auto& task) { return task->sent_dead_letters(); };
    return std::any_of(registry_.running().begin(), registry_.running().end(), sent) ||
           std::any_of(closed_.begin(), closed_.end(), sent);
}

void OpenTasks::describe_source(ErrorContext& context) const {
    for (const StreamTask* task : registry_.running()) {
        task->describe_source(context);
    }
}

std::vector<TaskMetadata> OpenTasks::metadata() const {
    const MutexLock lock(mutex_);
    return metadata_;
}

std::vector<TaskMetadata> OpenTasks::standby_metadata() const {
    const MutexLock lock(mutex_);
    return standby_metadata_;
}

}  // namespace millrace::runtime
