// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "state/stores/store_context.hpp"
#include "state/task/task_database.hpp"
#include "state/task/task_store.hpp"

#include <optional>
#include <span>

namespace millrace::state {

/// Restores stores of one task from their changelogs: see TaskStores::restore. Not thread-safe.
class StoreRestore {
  public:
    /// `database` must outlive this.
    explicit StoreRestore(TaskDatabase& database) : database_(database) {}

    /// Removes all rows and the checkpoint. See TaskStores::clear.
    void clear(TaskStore& store, std::optional<Timestamp> begun_at);

    /// Applies a batch of records in offset order.
    void add(TaskStore& store, std::span<const ChangelogRecord> records);

    void finish(TaskStore& store, std::optional<Offset> last, std::optional<Timestamp> current_at);

  private:
    void write(TaskStore& store, Offset reached);

    TaskDatabase& database_;
};

}  // namespace millrace::state
