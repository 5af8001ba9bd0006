// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "state/engine/database.hpp"
#include "state/task/task_store.hpp"
#include "state/task/task_stores.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::state {

/// The folder of the database in a task's folder.
inline constexpr const char* kDatabaseFolder = "db";

/// Compares the state on disk with the topology when a task opens its stores: keeps usable rows and
/// deletes others. Logs what it deletes.
class ExistingState {
  public:
    /// `options` must outlive this.
    explicit ExistingState(const TaskStores::Options& options) : options_(options) {}

    /// Opens or creates the task's database, and deletes the stores in it that the topology does
    /// not have on disk. Null if no store is on disk. Throws StateError if a newer version wrote
    /// the state, StateCorrupted if it is damaged.
    std::unique_ptr<Database> open(MemoryBudget& memory) const;

    /// Sets the positions of a store on disk from its checkpoint, and returns the store's own data.
    /// Rows that cannot be used are deleted: then the result is empty. `spec` receives the segment
    /// interval of used rows. Throws StateError if no changelog can replace them.
    std::optional<Bytes> use(Database& database, detail::StoreSpec& spec, TaskStore& store) const;

  private:
    bool keeps(const std::string& name) const;
    void refuse_newer(Database& database, const std::vector<std::string>& found) const;
    void warn_of_stores_that_start_empty(Database& database,
                                         const std::vector<std::string>& found) const;
    void remove_unknown(Database& database) const;
    std::string where(const detail::StoreSpec& spec) const;

    const TaskStores::Options& options_;
};

}  // namespace millrace::state
