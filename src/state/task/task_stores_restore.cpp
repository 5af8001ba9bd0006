// SPDX-License-Identifier: Apache-2.0

// The part of TaskStores that restores stores from their changelogs.
#include "state/task/task_stores_implementation.hpp"

#include <utility>

namespace millrace::state {

void TaskStores::Implementation::clear(Store& store) {
    store.offset.reset();
    store.positions.clear();
    store.current_at = kNoTimestamp;
    store.row_is_old = false;
    store.loading = false;
    store.restoring = false;
    store.from_nothing = false;
    if (store.on_disk) {
        // The offset must be deleted from disk before the rows are: no crash may leave it alone.
        database_->discard();
        if (database_->about(store.layers->spec().name)) {
            database_->put_about(store.layers->spec().name, std::nullopt);
            database_->write();
            database_->flush();
        }
    }
    store.layers->clear();
    store.empty = true;
}

void TaskStores::Implementation::restore(Store& store, std::span<const ChangelogRecord> records) {
    if (records.empty()) {
        return;
    }
    store.restoring = true;
    store.from_nothing = store.from_nothing || !store.offset;
    if (store.on_disk && store.empty && !store.offset && !store.loading &&
        store.layers->restores_by_loading()) {
        store.layers->engine().begin_load();
        store.loading = true;
    }
    store.empty = false;
    store.layers->restore(records);
    if (store.loading) {
        return;
    }
    if (store.offset) {
        store.offset = records.back().offset;
        put_about(store);
    }
    write();
    store.layers->committed();
    if (flush_due(flush_interval_)) {
        flush_soon();
    }
}

void TaskStores::Implementation::finish_restore(Store& store, std::optional<Offset> last,
                                                std::optional<Timestamp> current_at) {
    if (store.loading) {
        store.layers->engine().end_load();
        store.loading = false;
    }
    store.offset = last ? last : store.offset;
    if (store.offset) {
        store.current_at = current_at.value_or(store.current_at);
        put_about(store);
    }
    write();
    store.layers->committed();
    store.restoring = false;
    if (std::exchange(store.from_nothing, false) && store.on_disk) {
        database_->flush();  // Must not be repeated after a crash.
    }
}

}  // namespace millrace::state
