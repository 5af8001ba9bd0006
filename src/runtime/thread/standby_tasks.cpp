// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/standby_tasks.hpp"

#include "core/check.hpp"
#include "core/log.hpp"
#include "runtime/task/source_filter.hpp"
#include "runtime/task/store_changelogs.hpp"
#include "runtime/task/task_errors.hpp"

#include <algorithm>
#include <utility>

namespace millrace::runtime {

namespace {

/// How long to open standbys before the group is polled again.
constexpr std::chrono::milliseconds kSlice{50};

constexpr std::chrono::milliseconds kRetryBackoff{100};

bool contains(const std::vector<TaskId>& tasks, TaskId id) {
    return std::find(tasks.begin(), tasks.end(), id) != tasks.end();
}

}  // namespace

std::vector<restore::StoreToRestore> stores_to_restore(
    const TaskMaker& task_maker, std::shared_ptr<const TaskSettings> settings, TaskId task,
    const std::function<Offset(const TopicPartition&)>& limit_of) {
    const topology::ApplicationTopology& application = task_maker.application();
    const topology::SubTopology& part = task_maker.part_of(task);
    std::vector<restore::StoreToRestore> stores;
    for (const StoreChangelog& changelog : changelogs_of(application, part, task)) {
        restore::StoreToRestore store{
            .store = changelog.store,
            .name = application.spec->stores[part.stores[changelog.store]].name,
            .changelog = changelog.partition};
        if (changelog.source_topic) {
            store.limit = limit_of(changelog.partition);
            store.filter =
                make_source_filter(application, settings, task, changelog.partition, store.name);
        }
        stores.push_back(std::move(store));
    }
    return stores;
}

StandbyTasks::StandbyTasks(Parts parts) : parts_(std::move(parts)) {}

StandbyTasks::~StandbyTasks() {
    give_up_all();
}

bool StandbyTasks::update(const std::vector<TaskId>& wanted, bool may_open) {
    handle_failures();
    bool changed = false;
    for (const TaskId& id : ids()) {
        if (!contains(wanted, id)) {
            log::info(parts_.thread_name + ": closing standby " + to_string(id));
            give_up(id);
            changed = true;
        }
    }
    const auto now = parts_.clock->monotonic();
    if (retry_at_ && now < *retry_at_) {
        return changed;
    }
    retry_at_.reset();
    complete_ = true;
    for (const TaskId& id : wanted) {
        if (has(id) || !can_keep(id)) {
            continue;
        }
        if (!may_open || parts_.clock->monotonic() - now >= kSlice) {
            complete_ = false;
            break;
        }
        if (open(id)) {
            changed = true;
        } else {  // Another thread of this process has not closed the task yet.
            complete_ = false;
            retry_at_ = now + kRetryBackoff;
        }
    }
    return changed;
}

/// While a changed topology is deployed, a leader with the new one knows tasks that this instance
/// does not have.
bool StandbyTasks::can_keep(TaskId id) {
    if (parts_.task_maker->has_part_of(id)) {
        return true;
    }
    if (unknown_.insert(id).second) {
        log::warn(parts_.thread_name +
                  ": got a standby of a task that its topology does not have: " + to_string(id));
    }
    return false;
}

bool StandbyTasks::complete() const {
    const MutexLock lock(mutex_);
    return complete_ && failures_.empty();
}

bool StandbyTasks::open(TaskId id) {
    auto stores = parts_.task_maker->make_stores(id, damaged_.contains(id));
    if (stores == nullptr) {
        return false;
    }
    damaged_.erase(id);
    log::info(parts_.thread_name + ": opened standby " + to_string(id));
    follow(id, std::move(stores));
    return true;
}

void StandbyTasks::adopt(TaskId id, std::unique_ptr<state::TaskStores> stores) {
    log::info(parts_.thread_name + ": task " + to_string(id) + " becomes a standby");
    follow(id, std::move(stores));
}

void StandbyTasks::follow(TaskId id, std::unique_ptr<state::TaskStores> stores) {
    state::TaskStores& open = *stores;
    const bool added = open_.emplace(id, std::move(stores)).second;
    MILLRACE_CHECK(added);
    auto to_restore = stores_to_restore(*parts_.task_maker, parts_.task_settings, id,
                                        [](const TopicPartition&) { return Offset{0}; });
    parts_.restorer->follow(this, id, open, std::move(to_restore),
                            [this](restore::RestoreResult result) { failed(std::move(result)); });
}

/// Called by the restore thread.
void StandbyTasks::failed(restore::RestoreResult result) {
    {
        const MutexLock lock(mutex_);
        failures_.push_back(std::move(result));
    }
    parts_.wake_up();
}

void StandbyTasks::handle_failures() {
    std::vector<restore::RestoreResult> failures;
    {
        const MutexLock lock(mutex_);
        failures.swap(failures_);
    }
    std::exception_ptr first;
    for (const restore::RestoreResult& failure : failures) {
        if (!has(failure.task)) {
            continue;
        }
        close(failure.task);
        try {
            std::rethrow_exception(failure.error);
        } catch (const state::StateCorrupted& error) {
            log::warn(parts_.thread_name + ": state of a standby is damaged and will be rebuilt: " +
                      "task " + to_string(failure.task) + ": " + error.what());
            damaged_.insert(failure.task);
            complete_ = false;
        } catch (...) {
            first = first ? first : std::current_exception();
        }
    }
    if (first) {
        std::rethrow_exception(first);
    }
}

std::vector<TaskId> StandbyTasks::ids() const {
    std::vector<TaskId> ids;
    ids.reserve(open_.size());
    for (const auto& [id, stores] : open_) {
        ids.push_back(id);
    }
    return ids;
}

bool StandbyTasks::hold(TaskId id) {
    if (!has(id)) {
        return false;
    }
    if (parts_.restorer->hold(this, id)) {
        log::info(parts_.thread_name + ": standby " + to_string(id) + " becomes the task");
        return true;
    }
    {
        // It has failed. If its state is damaged, that is deleted now; another error will occur
        // again when the task restores.
        const MutexLock lock(mutex_);
        for (const restore::RestoreResult& failure : failures_) {
            try {
                if (failure.task == id) {
                    std::rethrow_exception(failure.error);
                }
            } catch (const state::StateCorrupted&) {
                damaged_.insert(id);
            } catch (...) {
                continue;
            }
        }
    }
    close(id);
    return false;
}

std::unique_ptr<state::TaskStores> StandbyTasks::release(TaskId id) {
    auto held = open_.extract(id);
    MILLRACE_CHECK(!held.empty());
    return std::move(held.mapped());
}

void StandbyTasks::forget(TaskId id) {
    parts_.restorer->remove(this, id);
    const MutexLock lock(mutex_);
    std::erase_if(failures_, [id](const auto& failure) { return failure.task == id; });
}

void StandbyTasks::close(TaskId id) {
    forget(id);
    auto closing = open_.extract(id);
    if (closing.empty()) {
        return;
    }
    try {
        closing.mapped()->close();
    } catch (const std::exception& error) {
        log::warn(parts_.thread_name + ": cannot close standby " + to_string(id) + ": " +
                  error.what());
    }
    closing.mapped().reset();
    parts_.task_maker->closed(id);
}

void StandbyTasks::give_up(TaskId id) {
    forget(id);
    parts_.task_maker->give_up(id, release(id));
}

void StandbyTasks::give_up_all() {
    for (const TaskId& id : ids()) {
        give_up(id);
    }
}

}  // namespace millrace::runtime
