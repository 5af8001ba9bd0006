// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/thread_annotations.hpp"
#include "millrace/core/task_id.hpp"
#include "restore/restorer.hpp"

#include <memory>
#include <string>
#include <vector>

namespace millrace::restore {

/// The restorers of a client, each with a thread and a consumer of its own. A new task goes to the
/// restorer that has the fewest changelogs to restore, and a standby to the one that follows the
/// fewest; each stays there until it is removed.
///
/// Threads: each restorer is run by one thread; all other functions from any thread.
class RestorerPool {
  public:
    /// One restorer for each name of a thread. The client ids of the consumers are derived from the
    /// names.
    explicit RestorerPool(const Restorer::Parts& parts,
                          const std::vector<std::string>& threads = {""});

    const std::vector<std::unique_ptr<Restorer>>& restorers() const noexcept { return restorers_; }

    /// As the functions of Restorer.
    void add(const void* owner, TaskId task, state::TaskStores& stores,
             std::vector<StoreToRestore> to_restore, RestoreMailbox mailbox);
    void follow(const void* owner, TaskId task, state::TaskStores& stores,
                std::vector<StoreToRestore> to_restore, RestoreMailbox mailbox);
    bool hold(const void* owner, TaskId task);
    bool promote(const void* owner, TaskId task, const void* new_owner,
                 std::vector<StoreToRestore> to_restore, RestoreMailbox mailbox);
    bool remove(const void* owner, TaskId task);
    bool idle() const;

  private:
    Restorer* find(const void* owner, TaskId task) const;
    Restorer& least_busy(bool standby) const;

    std::vector<std::unique_ptr<Restorer>> restorers_;
    Mutex choosing_;  // Held until the chosen restorer has the task.
};

}  // namespace millrace::restore
