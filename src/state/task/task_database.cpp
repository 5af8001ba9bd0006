// SPDX-License-Identifier: Apache-2.0
#include "state/task/task_database.hpp"

#include "state/format/checkpoint.hpp"

#include <algorithm>
#include <utility>

namespace millrace::state {

namespace {

// Each flush writes a small file.
constexpr std::chrono::minutes kBetweenIdleFlushes{10};

}  // namespace

TaskDatabase::TaskDatabase(std::unique_ptr<Database> database, const Clock& clock,
                           std::chrono::milliseconds flush_interval)
    : database_(std::move(database)),
      clock_(clock),
      flush_interval_(flush_interval),
      flushed_at_(clock.monotonic()) {}

// docs/formats/state-database.md
void TaskDatabase::put_checkpoint(TaskStore& store) {
    if (!store.on_disk) {
        return;
    }
    row_.clear();
    if (store.positions.empty()) {
        append_checkpoint(store.offset, store.current_at, store.shape, row_);
    } else {
        append_checkpoint(store.positions, store.current_at, store.shape, row_);
    }
    store.layers->save(row_);
    database_->put_store_metadata(store.layers->spec().name, BytesView(row_));
    store.checkpoint_is_old = false;
    unflushed_ = true;
}

void TaskDatabase::put_old_checkpoints(std::span<TaskStore> stores) {
    for (TaskStore& store : stores) {
        if (store.checkpoint_is_old) {
            put_checkpoint(store);
        }
    }
}

void TaskDatabase::remove_checkpoint(const TaskStore& store) {
    const std::string& name = store.layers->spec().name;
    database_->discard();
    if (database_->store_metadata(name)) {
        database_->put_store_metadata(name, std::nullopt);
        database_->write();
        database_->flush();
    }
}

void TaskDatabase::write() {
    if (database_ != nullptr) {
        database_->write();
    }
}

void TaskDatabase::discard() {
    if (database_ != nullptr) {
        database_->discard();
    }
}

void TaskDatabase::flush() {
    if (database_ != nullptr) {
        database_->flush();
    }
}

bool TaskDatabase::flush_due() const {
    return flushed_before(flush_interval_);
}

bool TaskDatabase::idle_flush_due() const {
    return flushed_before(
        unflushed_ ? flush_interval_
                   : std::max<std::chrono::milliseconds>(flush_interval_, kBetweenIdleFlushes));
}

bool TaskDatabase::flushed_before(std::chrono::nanoseconds age) const {
    return database_ != nullptr && clock_.monotonic() - flushed_at_ >= age;
}

void TaskDatabase::flush_soon() {
    database_->flush_soon();
    flushed_at_ = clock_.monotonic();
    unflushed_ = false;
}

}  // namespace millrace::state
