// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/task_maker.hpp"

#include "core/check.hpp"
#include "core/log.hpp"
#include "millrace/core/error.hpp"
#include "runtime/task/store_changelogs.hpp"
#include "state/task/open_or_wipe.hpp"
#include "state/task/stored_offsets.hpp"

#include <algorithm>
#include <utility>

namespace millrace::runtime {

TaskMaker::TaskMaker(Parts parts) : parts_(std::move(parts)) {
    MILLRACE_CHECK(parts_.application != nullptr && parts_.memory != nullptr);
}

std::unique_ptr<StreamTask> TaskMaker::make(TaskId id, std::vector<TopicPartition> inputs,
                                            detail::RecordCollector& collector,
                                            std::shared_ptr<metrics::Counter> dropped,
                                            bool wipe) const {
    if (auto open = take_open_stores(id, wipe)) {
        return make_again(id, std::move(inputs), collector, std::move(dropped), std::move(open));
    }
    const topology::SubTopology& part = part_of(id);
    if (!hold(id, part)) {
        return nullptr;
    }
    return assemble(id, std::move(inputs), collector, std::move(dropped),
                    [&] { return open_stores(id, part, wipe); });
}

std::unique_ptr<state::TaskStores> TaskMaker::make_stores(TaskId id, bool wipe) const {
    if (auto open = take_open_stores(id, wipe)) {
        return open;
    }
    const topology::SubTopology& part = part_of(id);
    if (!hold(id, part)) {
        return nullptr;
    }
    try {
        return open_stores(id, part, wipe);
    } catch (...) {
        closed(id);
        throw;
    }
}

std::unique_ptr<StreamTask> TaskMaker::make_again(TaskId id, std::vector<TopicPartition> inputs,
                                                  detail::RecordCollector& collector,
                                                  std::shared_ptr<metrics::Counter> dropped,
                                                  std::unique_ptr<state::TaskStores> stores) const {
    return assemble(id, std::move(inputs), collector, std::move(dropped),
                    [&] { return std::move(stores); });
}

std::unique_ptr<StreamTask> TaskMaker::assemble(
    TaskId id, std::vector<TopicPartition> inputs, detail::RecordCollector& collector,
    std::shared_ptr<metrics::Counter> dropped,
    const std::function<std::unique_ptr<state::TaskStores>()>& stores) const {
    std::function<StateStore*(const std::string&)> global_store;
    if (parts_.global_stores != nullptr) {
        global_store = [views = parts_.global_stores->views()](const std::string& name) {
            return views->find(name);
        };
    }
    try {
        return std::make_unique<StreamTask>(
            StreamTask::Parts{.id = id,
                              .application = parts_.application,
                              .part = &part_of(id),
                              .inputs = std::move(inputs),
                              .stores = stores(),
                              .collector = &collector,
                              .settings = parts_.settings,
                              .dropped = std::move(dropped),
                              .global_store = std::move(global_store)});
    } catch (...) {
        closed(id);
        throw;
    }
}

/// Sub-topologies and global ones share one numbering, so the number is not an index.
const topology::SubTopology* TaskMaker::find_part(TaskId id) const {
    const auto& parts = parts_.application->sub_topologies;
    const auto part = std::find_if(parts.begin(), parts.end(),
                                   [id](const auto& each) { return each.id == id.sub_topology; });
    return part == parts.end() ? nullptr : &*part;
}

bool TaskMaker::has_part_of(TaskId id) const {
    return find_part(id) != nullptr;
}

const topology::SubTopology& TaskMaker::part_of(TaskId id) const {
    const topology::SubTopology* part = find_part(id);
    MILLRACE_CHECK(part != nullptr);
    return *part;
}

/// One thread at a time: the stores of a task, in memory or on disk, and their restored content
/// belong to the task, not to the thread.
bool TaskMaker::hold(TaskId id, const topology::SubTopology& part) const {
    if (part.stores.empty()) {
        return true;
    }
    const MutexLock lock(mutex_);
    if (!held_.insert(id).second) {
        return false;
    }
    if (parts_.directory != nullptr && !parts_.directory->try_lock(id)) {
        held_.erase(id);
        return false;
    }
    lags_.opened(id);
    return true;
}

bool TaskMaker::is_held(TaskId id) const {
    const MutexLock lock(mutex_);
    return held_.contains(id) && !(has_shelf() && parts_.shelf->has(id));
}

/// The stores that a thread of this client has given up, if any. `wipe`: with empty stores.
std::unique_ptr<state::TaskStores> TaskMaker::take_open_stores(TaskId id, bool wipe) const {
    auto stores = has_shelf() ? parts_.shelf->take(id) : nullptr;
    if (stores == nullptr || !wipe) {
        return stores;
    }
    stores.reset();
    try {
        return open_stores(id, part_of(id), true);
    } catch (...) {
        closed(id);
        throw;
    }
}

void TaskMaker::give_up(TaskId id, std::unique_ptr<state::TaskStores> stores) const {
    if (has_shelf() && !part_of(id).stores.empty() && stores->rolls_back()) {
        parts_.shelf->put(id, std::move(stores));
    } else {
        close_later(id, std::move(stores));
    }
}

void TaskMaker::close_later(TaskId id, std::unique_ptr<state::TaskStores> stores) const {
    if (has_shelf() && !part_of(id).stores.empty()) {
        parts_.shelf->put_to_close(id, std::move(stores));
        return;
    }
    try {
        stores->close();
    } catch (const std::exception& error) {  // The next open finds an older state.
        log::warn("cannot close the stores of task " + to_string(id) + ": " + error.what());
    }
    stores.reset();
    closed(id);
}

void TaskMaker::closed(TaskId id) const {
    const MutexLock lock(mutex_);
    if (held_.erase(id) == 0) {
        return;
    }
    lags_.closed(id);
    if (parts_.directory != nullptr) {
        parts_.directory->unlock(id);
    }
}

std::vector<TaskId> TaskMaker::tasks_on_disk() const {
    return parts_.directory == nullptr ? std::vector<TaskId>{} : parts_.directory->tasks();
}

std::optional<std::vector<restore::StoredChangelog>> TaskMaker::stored_changelogs(TaskId id) const {
    const topology::SubTopology* part = find_part(id);
    if (part == nullptr || parts_.directory == nullptr) {
        return std::vector<restore::StoredChangelog>{};
    }
    if (!parts_.directory->try_lock(id)) {
        return std::nullopt;
    }
    try {
        auto changelogs = read_offsets(*part, id);
        parts_.directory->unlock_unused(id);
        return changelogs;
    } catch (...) {
        parts_.directory->unlock_unused(id);
        throw;
    }
}

std::vector<restore::StoredChangelog> TaskMaker::read_offsets(const topology::SubTopology& part,
                                                              TaskId id) const {
    const auto offsets =
        state::stored_offsets(parts_.directory->task_directory(id), to_string(id), *parts_.memory);
    std::vector<restore::StoredChangelog> result;
    for (const StoreChangelog& changelog : changelogs_of(*parts_.application, part, id)) {
        const std::size_t store = part.stores[changelog.store];
        const auto offset = offsets.find(parts_.application->spec->stores[store].name);
        result.push_back({changelog.partition, offset == offsets.end() ? 0 : offset->second + 1});
    }
    return result;
}

std::unique_ptr<state::TaskStores> TaskMaker::open_stores(TaskId id,
                                                          const topology::SubTopology& part,
                                                          bool wipe) const {
    state::TaskStores::Options options{.directory = parts_.directory == nullptr
                                                        ? std::filesystem::path{}
                                                        : parts_.directory->task_directory(id),
                                       .name = to_string(id),
                                       .specs = {},
                                       .default_engine = parts_.default_engine,
                                       .dsl_headers = parts_.dsl_headers,
                                       .processing = true};
    for (const std::size_t store : part.stores) {
        options.specs.push_back(parts_.application->spec->stores[store]);
    }
    return state::open_or_wipe(options, *parts_.memory, wipe);
}

}  // namespace millrace::runtime
