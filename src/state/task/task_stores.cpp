// SPDX-License-Identifier: Apache-2.0
#include "state/task/task_stores.hpp"

#include "core/check.hpp"
#include "core/file_system.hpp"
#include "millrace/core/error.hpp"
#include "state/format/checkpoint.hpp"
#include "state/task/task_stores_implementation.hpp"

#include <algorithm>
#include <utility>

namespace millrace::state {
namespace {

// An idle task does so less often: each time costs a small file.
constexpr std::chrono::minutes kBetweenIdleFlushes{10};

bool contains(std::span<const std::size_t> list, std::size_t item) {
    return std::find(list.begin(), list.end(), item) != list.end();
}

}  // namespace

TaskStores::Implementation::Store& TaskStores::Implementation::at(std::size_t store) {
    MILLRACE_CHECK(store < stores_.size());
    check_open();
    return stores_[store];
}

void TaskStores::Implementation::check_open() const {
    if (closed_) {
        throw StateError("state stores are closed: task " + options_.name);
    }
}

void TaskStores::Implementation::set_cache(CacheBudget& cache) {
    for (Store& store : stores_) {
        store.layers->leave_cache();
    }
    environment_.cache = &cache;
    for (Store& store : stores_) {
        store.layers->join_cache();
    }
}

void TaskStores::Implementation::commit(std::span<const std::optional<Offset>> offsets,
                                        std::span<const std::size_t> behind) {
    check_open();
    MILLRACE_CHECK(offsets.empty() || offsets.size() == stores_.size());
    commit_moved(
        [offsets](std::size_t index, Store& store) {
            const bool moved = index < offsets.size() && offsets[index];
            if (moved) {
                store.offset = offsets[index];
            }
            return moved;
        },
        behind);
}

void TaskStores::Implementation::commit_positions(std::span<const TopicPositions> positions,
                                                  std::span<const std::size_t> behind) {
    check_open();
    MILLRACE_CHECK(positions.size() == stores_.size());
    commit_moved(
        [positions](std::size_t index, Store& store) {
            const bool moved = store.positions != positions[index];
            if (moved) {
                store.positions = positions[index];
            }
            return moved;
        },
        behind);
}

/// `move` updates the offset or positions of a store; false: unchanged.
template <class Move>
void TaskStores::Implementation::commit_moved(Move move, std::span<const std::size_t> behind) {
    const Timestamp now = clock_.now();
    for (std::size_t index = 0; index < stores_.size(); ++index) {
        Store& store = stores_[index];
        store.layers->write_to_engine();
        store.restoring = false;
        if (!contains(behind, index)) {
            store.current_at = now;
            store.row_is_old = store.on_disk;
        }
        if (move(index, store) || store.layers->uncommitted_bytes() != 0) {
            store.empty = false;
            put_about(store);
        }
    }
    const bool flush = flush_due(flush_interval_);
    if (flush) {
        put_old_rows();
    }
    write();
    for (Store& store : stores_) {
        store.layers->committed();
    }
    if (flush) {
        flush_soon();
    }
}

void TaskStores::Implementation::keep_current(std::span<const std::size_t> behind) {
    const std::chrono::milliseconds idle =
        std::max<std::chrono::milliseconds>(flush_interval_, kBetweenIdleFlushes);
    if (closed_ || !flush_due(unflushed_ ? flush_interval_ : idle)) {
        return;
    }
    const Timestamp now = clock_.now();
    for (std::size_t index = 0; index < stores_.size(); ++index) {
        Store& store = stores_[index];
        if (!store.restoring && store.layers->uncommitted_bytes() == 0 &&
            !contains(behind, index)) {
            store.current_at = now;
            store.row_is_old = store.on_disk;
        }
    }
    put_old_rows();
    write();
    flush_soon();
}

void TaskStores::Implementation::roll_back() {
    check_open();
    for (Store& store : stores_) {
        store.layers->roll_back();
    }
}

// docs/formats/state-database.md
void TaskStores::Implementation::put_about(Store& store) {
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
    database_->put_about(store.layers->spec().name, BytesView(row_));
    store.row_is_old = false;
    unflushed_ = true;
}

void TaskStores::Implementation::put_old_rows() {
    for (Store& store : stores_) {
        if (store.row_is_old) {
            put_about(store);
        }
    }
}

void TaskStores::Implementation::write() {
    if (database_ != nullptr) {
        database_->write();
    }
}

bool TaskStores::Implementation::flush_due(std::chrono::nanoseconds after) const {
    return database_ != nullptr && clock_.monotonic() - flushed_at_ >= after;
}

void TaskStores::Implementation::flush_soon() {
    database_->flush_soon();
    flushed_at_ = clock_.monotonic();
    unflushed_ = false;
}

void TaskStores::Implementation::close() {
    if (closed_) {
        return;
    }
    // In any case: files that stay open could not be opened again.
    struct Closing {
        Implementation& stores;
        ~Closing() { stores.abandon(); }
    } const closing{*this};
    if (database_ == nullptr) {
        return;
    }
    database_->discard();
    for (Store& store : stores_) {
        if (store.row_is_old) {
            store.layers->roll_back();  // The saved state must be that of the last commit.
            put_about(store);
        }
    }
    database_->write();
    database_->flush();
}

void TaskStores::Implementation::wipe() {
    abandon();
    for (const std::string& name : system_files().list(options_.directory)) {
        system_files().remove_all(options_.directory / name);
    }
}

// Unflushed rows are lost.
void TaskStores::Implementation::abandon() {
    if (std::exchange(closed_, true)) {
        return;
    }
    for (Store& store : stores_) {
        store.layers->leave_cache();
    }
    environment_.cache = &own_cache_;
    stores_.clear();
    database_.reset();
}

TaskStores::TaskStores(Options options, MemoryBudget& memory)
    : implementation_(std::make_unique<Implementation>(std::move(options), memory)) {}

TaskStores::~TaskStores() {
    try {
        close();
    } catch (...) {  // The next open finds an older state, and restores the rest.
    }
}

void TaskStores::set_context(StoreContext& context) {
    implementation_->environment_.context = &context;
}

void TaskStores::set_cache(CacheBudget& cache) {
    implementation_->set_cache(cache);
}

StateStore* TaskStores::store(const std::string& name) {
    for (auto& store : implementation_->stores_) {
        if (store.layers->spec().name == name) {
            return store.face;
        }
    }
    return nullptr;
}

void TaskStores::flush_caches() {
    implementation_->check_open();
    for (auto& store : implementation_->stores_) {
        store.layers->flush();
    }
}

void TaskStores::evict_flushed() {
    implementation_->check_open();
    for (auto& store : implementation_->stores_) {
        store.layers->evict_flushed();
    }
}

void TaskStores::prefetch(BytesView key) {
    for (LayeredStore* store : implementation_->prefetching_) {
        store->prefetch(key);
    }
}

bool TaskStores::prefetches() const noexcept {
    return !implementation_->prefetching_.empty();
}

std::size_t TaskStores::uncommitted_bytes() const {
    std::size_t bytes = 0;
    for (const auto& store : implementation_->stores_) {
        bytes += store.layers->uncommitted_bytes();
    }
    return bytes;
}

void TaskStores::commit(std::span<const std::optional<Offset>> changelog_offsets,
                        std::span<const std::size_t> behind) {
    implementation_->commit(changelog_offsets, behind);
}

void TaskStores::commit_positions(std::span<const TopicPositions> positions,
                                  std::span<const std::size_t> behind) {
    implementation_->commit_positions(positions, behind);
}

void TaskStores::roll_back() {
    implementation_->roll_back();
}

std::optional<Offset> TaskStores::changelog_offset(std::size_t store) const {
    return implementation_->at(store).offset;
}

const TopicPositions& TaskStores::positions(std::size_t store) const {
    return implementation_->at(store).positions;
}

std::optional<Timestamp> TaskStores::current_at(std::size_t store) const {
    const Timestamp current = implementation_->at(store).current_at;
    return current == kNoTimestamp ? std::nullopt : std::optional(current);
}

void TaskStores::keep_current(std::span<const std::size_t> behind) {
    implementation_->keep_current(behind);
}

void TaskStores::clear(std::size_t store) {
    implementation_->clear(implementation_->at(store));
}

void TaskStores::restore(std::size_t store, std::span<const ChangelogRecord> records) {
    implementation_->restore(implementation_->at(store), records);
}

void TaskStores::finish_restore(std::size_t store, std::optional<Offset> last,
                                std::optional<Timestamp> current_at) {
    implementation_->finish_restore(implementation_->at(store), last, current_at);
}

void TaskStores::close() {
    implementation_->close();
}

void TaskStores::wipe() {
    implementation_->wipe();
}

}  // namespace millrace::state
