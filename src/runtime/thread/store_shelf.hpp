// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/driven.hpp"
#include "core/thread_annotations.hpp"
#include "millrace/core/task_id.hpp"
#include "state/task/task_stores.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace millrace::runtime {

/// Open stores of tasks and standbys that the stream threads of one client have given up. The next
/// thread of the client that gets such a task takes the stores over as they are: no file is closed
/// and opened again, and stores in memory keep their rows. Stores that no thread takes over are
/// closed by the threads that drive the shelf, because a stream thread in a rebalance must not wait
/// for files.
///
/// Stores have no uncommitted rows. Those of standbys, and of tasks that were being restored, may
/// be behind their changelogs. A task stays held (TaskMaker) until its stores are closed.
///
/// Thread-safe; several threads may drive one shelf, and close in parallel. No function throws.
class StoreShelf final : public Driven {
  public:
    /// How long stores can be taken over. The rebalance that assigns a task to another thread
    /// follows the one that revokes it.
    static constexpr std::chrono::seconds kKept{10};

    struct Parts {
        const Clock* clock = nullptr;  ///< Must outlive the shelf.

        /// Called after the stores of a task were closed.
        std::function<void(TaskId)> closed{};

        /// Wakes up the threads that drive the shelf. May be null.
        std::function<void()> on_put{};
    };

    explicit StoreShelf(Parts parts) : parts_(std::move(parts)) {}
    ~StoreShelf() override;
    StoreShelf(const StoreShelf&) = delete;
    StoreShelf& operator=(const StoreShelf&) = delete;

    /// Keeps stores for the next thread that gets the task; closes them after kKept.
    void put(TaskId task, std::unique_ptr<state::TaskStores> stores);

    /// Closes stores that no thread may take over, soon.
    void put_to_close(TaskId task, std::unique_ptr<state::TaskStores> stores);

    /// Whether take() would return stores.
    bool has(TaskId task) const;

    /// Null if there are none.
    std::unique_ptr<state::TaskStores> take(TaskId task);

    /// Closes stores that are put from now on in the thread that puts them: the client ends.
    void shut();

    /// Closes all stores.
    void close_all();

    /// Closes the stores of one task, if any are due.
    std::chrono::milliseconds run_once(Timestamp now) override;
    void wake_up() override {}

  private:
    struct Entry {
        std::unique_ptr<state::TaskStores> stores;
        bool usable = false;                ///< take() may return them.
        std::chrono::nanoseconds close_at;  ///< Of Clock::monotonic().
    };

    void insert(TaskId task, std::unique_ptr<state::TaskStores> stores, bool usable);
    std::map<TaskId, Entry>::node_type first_of(std::optional<std::chrono::nanoseconds> due_at);
    void close(TaskId task, std::unique_ptr<state::TaskStores> stores) const;

    const Parts parts_;
    mutable Mutex mutex_;
    std::map<TaskId, Entry> entries_ MILLRACE_GUARDED_BY(mutex_);
    bool shut_ MILLRACE_GUARDED_BY(mutex_) = false;
};

}  // namespace millrace::runtime
