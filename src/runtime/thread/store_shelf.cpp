// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/store_shelf.hpp"

#include "core/check.hpp"
#include "core/log.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace millrace::runtime {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

StoreShelf::~StoreShelf() {
    close_all();
}

void StoreShelf::put(TaskId task, std::unique_ptr<state::TaskStores> stores) {
    insert(task, std::move(stores), true);
}

void StoreShelf::put_to_close(TaskId task, std::unique_ptr<state::TaskStores> stores) {
    insert(task, std::move(stores), false);
}

void StoreShelf::insert(TaskId task, std::unique_ptr<state::TaskStores> stores, bool usable) {
    std::unique_ptr<state::TaskStores> to_close;
    {
        const MutexLock lock(mutex_);
        if (shut_) {
            to_close = std::move(stores);
        } else {
            const nanoseconds kept = usable ? nanoseconds{kKept} : nanoseconds{0};
            const bool added =
                entries_
                    .try_emplace(task, Entry{.stores = std::move(stores),
                                             .usable = usable,
                                             .close_at = parts_.clock->monotonic() + kept})
                    .second;
            MILLRACE_CHECK(added);
        }
    }
    if (to_close != nullptr) {
        close(task, std::move(to_close));
    } else if (parts_.on_put) {
        parts_.on_put();
    }
}

bool StoreShelf::has(TaskId task) const {
    const MutexLock lock(mutex_);
    const auto found = entries_.find(task);
    return found != entries_.end() && found->second.usable;
}

std::unique_ptr<state::TaskStores> StoreShelf::take(TaskId task) {
    const MutexLock lock(mutex_);
    const auto found = entries_.find(task);
    if (found == entries_.end() || !found->second.usable) {
        return nullptr;
    }
    auto stores = std::move(found->second.stores);
    entries_.erase(found);
    log::info("task " + to_string(task) + ": its stores stay open and change hands");
    return stores;
}

void StoreShelf::shut() {
    const MutexLock lock(mutex_);
    shut_ = true;
}

void StoreShelf::close_all() {
    while (auto entry = first_of(std::nullopt)) {
        close(entry.key(), std::move(entry.mapped().stores));
    }
}

milliseconds StoreShelf::run_once(Timestamp) {
    const auto now = parts_.clock->monotonic();
    if (auto due = first_of(now)) {
        close(due.key(), std::move(due.mapped().stores));
        return milliseconds{0};
    }
    const MutexLock lock(mutex_);
    const auto next = std::min_element(
        entries_.begin(), entries_.end(),
        [](const auto& a, const auto& b) { return a.second.close_at < b.second.close_at; });
    return next == entries_.end() ? kUntilWoken
                                  : std::chrono::ceil<milliseconds>(next->second.close_at - now);
}

/// Removes an entry that is due; any one if `due_at` is empty. Empty if there is none.
std::map<TaskId, StoreShelf::Entry>::node_type StoreShelf::first_of(
    std::optional<nanoseconds> due_at) {
    const MutexLock lock(mutex_);
    const auto found = std::find_if(entries_.begin(), entries_.end(), [due_at](const auto& each) {
        return !due_at || each.second.close_at <= *due_at;
    });
    return found == entries_.end() ? std::map<TaskId, Entry>::node_type{} : entries_.extract(found);
}

void StoreShelf::close(TaskId task, std::unique_ptr<state::TaskStores> stores) const {
    try {
        stores->close();
    } catch (const std::exception& error) {  // The next open finds an older state.
        log::warn("cannot close the stores of task " + to_string(task) + ": " + error.what());
    }
    stores.reset();
    parts_.closed(task);
}

}  // namespace millrace::runtime
