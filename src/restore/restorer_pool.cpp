// SPDX-License-Identifier: Apache-2.0
#include "restore/restorer_pool.hpp"

#include "core/check.hpp"

#include <algorithm>
#include <utility>

namespace millrace::restore {

RestorerPool::RestorerPool(const Restorer::Parts& parts, const std::vector<std::string>& threads) {
    MILLRACE_CHECK(!threads.empty());
    for (const std::string& thread : threads) {
        Restorer::Parts own = parts;
        own.thread = thread;
        if (!thread.empty()) {
            own.consumer_settings["client.id"] = thread + "-restore-consumer";
        }
        restorers_.push_back(std::make_unique<Restorer>(std::move(own)));
    }
}

/// The first of several.
Restorer& RestorerPool::least_busy(bool standby) const {
    const auto least = std::min_element(
        restorers_.begin(), restorers_.end(), [standby](const auto& left, const auto& right) {
            const Restorer::Work of_left = left->work();
            const Restorer::Work of_right = right->work();
            return standby ? std::pair(of_left.standby, of_left.restoring) <
                                 std::pair(of_right.standby, of_right.restoring)
                           : std::pair(of_left.restoring, of_left.standby) <
                                 std::pair(of_right.restoring, of_right.standby);
        });
    return **least;
}

/// Null if no restorer has the task.
Restorer* RestorerPool::find(const void* owner, TaskId task) const {
    const auto found = std::find_if(restorers_.begin(), restorers_.end(),
                                    [&](const auto& each) { return each->has(owner, task); });
    return found == restorers_.end() ? nullptr : found->get();
}

void RestorerPool::add(const void* owner, TaskId task, state::TaskStores& stores,
                       std::vector<StoreToRestore> to_restore, RestoreMailbox mailbox) {
    const MutexLock lock(choosing_);
    MILLRACE_CHECK(find(owner, task) == nullptr);
    least_busy(false).add(owner, task, stores, std::move(to_restore), std::move(mailbox));
}

void RestorerPool::follow(const void* owner, TaskId task, state::TaskStores& stores,
                          std::vector<StoreToRestore> to_restore, RestoreMailbox mailbox) {
    const MutexLock lock(choosing_);
    MILLRACE_CHECK(find(owner, task) == nullptr);
    least_busy(true).follow(owner, task, stores, std::move(to_restore), std::move(mailbox));
}

bool RestorerPool::hold(const void* owner, TaskId task) {
    Restorer* restorer = find(owner, task);
    return restorer != nullptr && restorer->hold(owner, task);
}

bool RestorerPool::promote(const void* owner, TaskId task, const void* new_owner,
                           std::vector<StoreToRestore> to_restore, RestoreMailbox mailbox) {
    Restorer* restorer = find(owner, task);
    return restorer != nullptr &&
           restorer->promote(owner, task, new_owner, std::move(to_restore), std::move(mailbox));
}

bool RestorerPool::remove(const void* owner, TaskId task) {
    Restorer* restorer = find(owner, task);
    return restorer != nullptr && restorer->remove(owner, task);
}

bool RestorerPool::idle() const {
    return std::all_of(restorers_.begin(), restorers_.end(),
                       [](const auto& each) { return each->idle(); });
}

}  // namespace millrace::restore
