// SPDX-License-Identifier: Apache-2.0
#include "state/task/store_restore.hpp"

#include "core/fail_point.hpp"

#include <utility>

namespace millrace::state {

void StoreRestore::clear(TaskStore& store, std::optional<Timestamp> begun_at) {
    store.offset.reset();
    store.positions.clear();
    store.current_at = begun_at.value_or(kNoTimestamp);
    store.resumable = begun_at.has_value();
    store.checkpoint_is_old = false;
    store.loading = false;
    store.restoring = false;
    store.restored_from_nothing = false;
    if (store.on_disk) {
        // Before the rows: no crash may leave the offset without its rows.
        database_.remove_checkpoint(store);
        MILLRACE_FAIL_POINT("restore.checkpoint_removed");
    }
    store.layers->clear();
    MILLRACE_FAIL_POINT("restore.store_cleared");
    store.empty = true;
}

void StoreRestore::add(TaskStore& store, std::span<const ChangelogRecord> records) {
    if (records.empty()) {
        return;
    }
    store.restoring = true;
    store.restored_from_nothing = store.restored_from_nothing || !store.offset;
    if (store.on_disk && store.empty && !store.offset && !store.loading &&
        store.layers->restores_by_loading()) {
        store.layers->engine().begin_load();
        store.loading = true;
    }
    store.empty = false;
    store.layers->restore(records);
    if (!store.loading) {
        write(store, records.back().offset);
        store.layers->committed();
    } else if (store.layers->engine().settle_load()) {
        write(store, records.back().offset);
    }
    if (database_.flush_due()) {
        database_.flush_soon();
    }
}

void StoreRestore::write(TaskStore& store, Offset reached) {
    if (store.offset || store.resumable) {
        store.offset = reached;
        database_.put_checkpoint(store);
    }
    database_.write();
    MILLRACE_FAIL_POINT("restore.part_written");
}

void StoreRestore::finish(TaskStore& store, std::optional<Offset> last,
                          std::optional<Timestamp> current_at) {
    if (store.loading) {
        store.layers->engine().end_load();
        MILLRACE_FAIL_POINT("load.ended");
        store.loading = false;
    }
    store.offset = last ? last : store.offset;
    if (store.offset) {
        store.current_at = current_at.value_or(store.current_at);
        database_.put_checkpoint(store);
    }
    database_.write();
    store.layers->committed();
    store.restoring = false;
    MILLRACE_FAIL_POINT("restore.checkpoint_written");
    if (std::exchange(store.restored_from_nothing, false) && store.on_disk) {
        database_.flush();  // Must not be repeated after a crash.
        MILLRACE_FAIL_POINT("restore.flushed");
    }
}

}  // namespace millrace::state
