// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/thread_annotations.hpp"
#include "restore/lag_board.hpp"
#include "restore/lag_meter.hpp"
#include "runtime/global/global_stores.hpp"
#include "runtime/task/stream_task.hpp"
#include "runtime/thread/store_shelf.hpp"
#include "state/budget/memory_budget.hpp"
#include "state/task/state_directory.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <vector>

namespace millrace::runtime {

/// Creates the tasks of one client, with their stores. Thread-safe.
class TaskMaker {
  public:
    struct Parts {
        const topology::ApplicationTopology* application = nullptr;
        state::MemoryBudget* memory = nullptr;
        state::StateDirectory* directory = nullptr;  ///< Null: no store is on disk.
        StoreEngine default_engine = StoreEngine::kRocksDb;
        bool dsl_headers = false;
        std::shared_ptr<const TaskSettings> settings{};
        GlobalStores* global_stores = nullptr;  ///< Null: there are none.
        StoreShelf* shelf = nullptr;  ///< Null: stores that are given up are closed at once.
    };

    explicit TaskMaker(Parts parts);

    /// `collector` must outlive the task. Damaged files are deleted: the stores are empty then, and
    /// are restored from the beginning; `wipe` deletes them in any case. Null while another thread
    /// has a task of that id with state: retry later. Throws StateError if the folder cannot be
    /// used, TopologyError if nodes do not fit.
    std::unique_ptr<StreamTask> make(TaskId id, std::vector<TopicPartition> inputs,
                                     detail::RecordCollector& collector,
                                     std::shared_ptr<metrics::Counter> dropped, bool wipe) const;

    /// The same with the open stores of an earlier task of that id, for which closed() was not
    /// called.
    std::unique_ptr<StreamTask> make_again(TaskId id, std::vector<TopicPartition> inputs,
                                           detail::RecordCollector& collector,
                                           std::shared_ptr<metrics::Counter> dropped,
                                           std::unique_ptr<state::TaskStores> stores) const;

    /// The stores of a standby. Otherwise as make().
    std::unique_ptr<state::TaskStores> make_stores(TaskId id, bool wipe) const;

    /// Whether make() would return null.
    bool is_held(TaskId id) const;

    /// Call it when a task is closed: another thread may create it then.
    void closed(TaskId id) const;

    /// Whether give_up() and close_later() return before the stores are closed.
    bool has_shelf() const noexcept { return parts_.shelf != nullptr; }

    /// Gives up the open stores of a task or standby, instead of closed(): the thread of this
    /// client that makes the task next takes them over; see StoreShelf. They must have no
    /// uncommitted rows, after TaskStores::stop_processing. Does not throw.
    void give_up(TaskId id, std::unique_ptr<state::TaskStores> stores) const;

    /// The same for stores that no thread may take over.
    void close_later(TaskId id, std::unique_ptr<state::TaskStores> stores) const;

    /// Tasks with state on disk.
    std::vector<TaskId> tasks_on_disk() const;

    /// The changelogs of a task on disk, with the next offset that each store needs. Returns no
    /// changelogs for a task that the topology does not have, and nullopt while a thread has the
    /// task. Throws StateError.
    std::optional<std::vector<restore::StoredChangelog>> stored_changelogs(TaskId id) const;

    bool has_part_of(TaskId id) const;
    const topology::SubTopology& part_of(TaskId id) const;  ///< Requires has_part_of().

    const topology::ApplicationTopology& application() const noexcept {
        return *parts_.application;
    }

    /// The lags of this client's tasks. A task is open there from make() to closed().
    restore::LagBoard& lags() const noexcept { return lags_; }

    const state::MemoryBudget& memory() const noexcept { return *parts_.memory; }

  private:
    std::unique_ptr<StreamTask> assemble(
        TaskId id, std::vector<TopicPartition> inputs, detail::RecordCollector& collector,
        std::shared_ptr<metrics::Counter> dropped,
        const std::function<std::unique_ptr<state::TaskStores>()>& stores) const;
    const topology::SubTopology* find_part(TaskId id) const;
    bool hold(TaskId id, const topology::SubTopology& part) const;
    std::unique_ptr<state::TaskStores> take_open_stores(TaskId id, bool wipe) const;
    std::vector<restore::StoredChangelog> read_offsets(const topology::SubTopology& part,
                                                       TaskId id) const;
    std::unique_ptr<state::TaskStores> open_stores(TaskId id, const topology::SubTopology& part,
                                                   bool wipe) const;

    Parts parts_;
    mutable Mutex mutex_;
    mutable std::set<TaskId> held_
        MILLRACE_GUARDED_BY(mutex_);  // Tasks with stores that a thread owns.
    mutable restore::LagBoard lags_;
};

}  // namespace millrace::runtime
