// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "state/engine/database.hpp"
#include "state/task/task_store.hpp"

#include <chrono>
#include <memory>
#include <span>
#include <string>

namespace millrace::state {

/// The database of a task, if any of its stores is on disk: the checkpoints of the stores, and the
/// time of the next flush. Without a database, writes do nothing and no flush is ever due.
///
/// Not thread-safe. Errors: StateError, StateCorrupted.
class TaskDatabase {
  public:
    /// `database` may be null. Committed writes are flushed every `flush_interval`. `clock` must
    /// outlive this.
    TaskDatabase(std::unique_ptr<Database> database, const Clock& clock,
                 std::chrono::milliseconds flush_interval);

    /// The rows of a store on disk. Requires a database.
    std::unique_ptr<Engine> engine(const std::string& store, bool segmented) {
        return database_->engine(store, segmented);
    }

    /// Part of the next write(). No effect for stores in memory.
    void put_checkpoint(TaskStore& store);

    /// The same for all stores whose checkpoint on disk is outdated.
    void put_old_checkpoints(std::span<TaskStore> stores);

    /// Deletes the checkpoint from disk before it returns, and discards pending writes.
    void remove_checkpoint(const TaskStore& store);

    /// Null if no store is on disk.
    Database* database() const noexcept { return database_.get(); }

    /// See Database.
    void write();
    void discard();
    void flush();

    /// True if commits should be flushed now.
    bool flush_due() const;

    /// True if an idle task should flush now. Less often if only the time up to which the stores
    /// are current has changed.
    bool idle_flush_due() const;

    /// See Database; the next flush is due an interval later.
    void flush_soon();

    /// Requires that no engine is open. Unflushed writes are lost.
    void close() { database_.reset(); }

  private:
    bool flushed_before(std::chrono::nanoseconds age) const;

    std::unique_ptr<Database> database_;
    const Clock& clock_;
    std::chrono::milliseconds flush_interval_;
    std::chrono::nanoseconds flushed_at_;
    bool unflushed_ = false;  // There were writes since then.
    Bytes row_;               // Reused memory.
};

}  // namespace millrace::state
