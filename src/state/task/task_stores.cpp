// SPDX-License-Identifier: Apache-2.0
#include "state/task/task_stores.hpp"

#include "core/check.hpp"
#include "core/clock.hpp"
#include "core/fail_point.hpp"
#include "core/file_system.hpp"
#include "millrace/core/error.hpp"
#include "state/budget/cache_budget.hpp"
#include "state/budget/memory_budget.hpp"
#include "state/format/checkpoint.hpp"
#include "state/format/store_shape.hpp"
#include "state/stores/store_environment.hpp"
#include "state/task/existing_state.hpp"
#include "state/task/store_factory.hpp"
#include "state/task/store_restore.hpp"
#include "state/task/task_database.hpp"
#include "state/task/task_store.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace millrace::state {

using detail::StoredHeaders;
using detail::StoreKind;
using detail::StoreSpec;

namespace {

constexpr std::size_t kMostPrefetching = 2;

bool contains(std::span<const std::size_t> list, std::size_t item) {
    return std::find(list.begin(), list.end(), item) != list.end();
}

// Of the kinds that are usually read by the key of the current record.
bool is_read_by_record_key(StoreKind kind) {
    return kind == StoreKind::kTimestampedKeyValue || kind == StoreKind::kTimestampedWindow ||
           kind == StoreKind::kWindow || kind == StoreKind::kSession;
}

// As in Kafka Streams, tables in memory do not store headers.
TaskStores::Options with_headers_resolved(TaskStores::Options options) {
    for (StoreSpec& spec : options.specs) {
        const bool wanted = spec.headers != StoredHeaders::kEmptyIfAsked ||
                            is_on_disk(spec, options.default_engine);
        if ((!options.dsl_headers || !wanted) && spec.headers != StoredHeaders::kGiven) {
            spec.headers = StoredHeaders::kNone;
        }
    }
    return options;
}

}  // namespace

struct TaskStores::Parts {
    Parts(Options given, MemoryBudget& memory)
        : options(with_headers_resolved(std::move(given))),
          clock(options.clock != nullptr ? *options.clock : system_clock()),
          own_cache(memory.cache_bytes_per_thread()),
          environment{.cache = &own_cache, .processing = options.processing},
          database(ExistingState(options).open(memory), clock, memory.limits().flush_interval) {
        stores.reserve(options.specs.size());  // Engines refer to their store.
    }

    /// If a step fails, offsets in memory may be ahead of the rows.
    template <class Step>
    void restore(Step step) {
        const bool failed_before = std::exchange(restore_failed, true);
        step(StoreRestore(database));
        restore_failed = failed_before;
    }

    Options options;
    const Clock& clock;
    CacheBudget own_cache;
    StoreEnvironment environment;
    TaskDatabase database;
    std::set<std::string> topics;  // Of source records.
    std::vector<TaskStore> stores;
    std::vector<LayeredStore*> prefetching;
    bool restore_failed = false;
    bool closed = false;
};

TaskStores::TaskStores(Options options, MemoryBudget& memory)
    : parts_(std::make_unique<Parts>(std::move(options), memory)) {
    for (std::size_t index = 0; index < parts_->options.specs.size(); ++index) {
        open_store(index);
    }
    choose_prefetching();
}

TaskStores::~TaskStores() {
    try {
        close();
    } catch (...) {  // The next open finds an older state, and restores the rest.
    }
}

void TaskStores::open_store(std::size_t index) {
    StoreSpec& spec = parts_->options.specs[index];
    TaskStore& store = parts_->stores.emplace_back();
    store.on_disk = is_on_disk(spec, parts_->options.default_engine);
    std::optional<Bytes> saved;
    if (store.on_disk) {
        saved = ExistingState(parts_->options).use(*parts_->database.database(), spec, store);
        store.shape = shape_bytes(shape_of(spec));
    }
    StoreFactory(parts_->environment, parts_->database).make(spec, index, store);
    store.empty = store.layers->engine().empty();
    if (saved) {
        store.layers->load(*saved);
    }
    // Rows without an offset cannot be used, unless there is no changelog at all.
    if (store.on_disk && !store.offset && store.positions.empty() && !store.empty &&
        shape_of(spec).backed_up) {
        StoreRestore(parts_->database).clear(store, std::nullopt);
    }
}

// With many tables, prefetching for all would cost more than it gains.
void TaskStores::choose_prefetching() {
    std::vector<LayeredStore*>& prefetching = parts_->prefetching;
    for (const TaskStore& store : parts_->stores) {
        if (is_read_by_record_key(store.layers->spec().kind) && !store.layers->engine().direct()) {
            prefetching.push_back(store.layers.get());
        }
    }
    if (prefetching.size() > kMostPrefetching) {
        prefetching.clear();
    }
}

void TaskStores::set_context(StoreContext& context) {
    parts_->environment.context = &context;
}

const std::string& TaskStores::topic_name(const std::string& topic) {
    return *parts_->topics.insert(topic).first;
}

void TaskStores::set_cache(CacheBudget& cache) {
    for (TaskStore& store : parts_->stores) {
        store.layers->leave_cache();
    }
    parts_->environment.cache = &cache;
    for (TaskStore& store : parts_->stores) {
        store.layers->join_cache();
    }
}

TaskStore& TaskStores::at(std::size_t store) const {
    MILLRACE_CHECK(store < parts_->stores.size());
    check_open();
    return parts_->stores[store];
}

void TaskStores::check_open() const {
    if (parts_->closed) {
        throw StateError("state stores are closed: task " + parts_->options.name);
    }
}

StateStore* TaskStores::store(const std::string& name) {
    for (TaskStore& store : parts_->stores) {
        if (store.layers->spec().name == name) {
            return store.face;
        }
    }
    return nullptr;
}

void TaskStores::prefetch(BytesView key) {
    for (LayeredStore* store : parts_->prefetching) {
        store->prefetch(key);
    }
}

bool TaskStores::prefetches() const noexcept {
    return !parts_->prefetching.empty();
}

void TaskStores::flush_caches() {
    check_open();
    for (TaskStore& store : parts_->stores) {
        store.layers->flush();
    }
}

void TaskStores::evict_flushed() {
    check_open();
    for (TaskStore& store : parts_->stores) {
        store.layers->evict_flushed();
    }
}

std::size_t TaskStores::uncommitted_bytes() const {
    std::size_t bytes = 0;
    for (const TaskStore& store : parts_->stores) {
        bytes += store.layers->uncommitted_bytes();
    }
    return bytes;
}

void TaskStores::commit(std::span<const std::optional<Offset>> changelog_offsets,
                        std::span<const std::size_t> behind) {
    check_open();
    MILLRACE_CHECK(changelog_offsets.empty() || changelog_offsets.size() == parts_->stores.size());
    commit_moved(
        [changelog_offsets](std::size_t index, TaskStore& store) {
            const bool moved = index < changelog_offsets.size() && changelog_offsets[index];
            if (moved) {
                store.offset = changelog_offsets[index];
            }
            return moved;
        },
        behind);
}

void TaskStores::commit_positions(std::span<const TopicPositions> positions,
                                  std::span<const std::size_t> behind) {
    check_open();
    MILLRACE_CHECK(positions.size() == parts_->stores.size());
    commit_moved(
        [positions](std::size_t index, TaskStore& store) {
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
void TaskStores::commit_moved(Move move, std::span<const std::size_t> behind) {
    TaskDatabase& database = parts_->database;
    const Timestamp now = parts_->clock.now();
    for (std::size_t index = 0; index < parts_->stores.size(); ++index) {
        TaskStore& store = parts_->stores[index];
        store.layers->write_to_engine();
        store.restoring = false;
        if (!contains(behind, index)) {
            store.current_at = now;
            store.checkpoint_is_old = store.on_disk;
        }
        if (move(index, store) || store.layers->uncommitted_bytes() != 0) {
            store.empty = false;
            database.put_checkpoint(store);
        }
    }
    MILLRACE_FAIL_POINT("apply.batch_filled");
    const bool flush = database.flush_due();
    if (flush) {
        database.put_old_checkpoints(parts_->stores);
    }
    database.write();
    MILLRACE_FAIL_POINT("apply.written");
    for (TaskStore& store : parts_->stores) {
        store.layers->committed();
    }
    MILLRACE_FAIL_POINT("apply.rows_committed");
    if (flush) {
        database.flush_soon();
        MILLRACE_FAIL_POINT("apply.flush_begun");
    }
}

void TaskStores::keep_current(std::span<const std::size_t> behind) {
    TaskDatabase& database = parts_->database;
    if (parts_->closed || !database.idle_flush_due()) {
        return;
    }
    const Timestamp now = parts_->clock.now();
    for (std::size_t index = 0; index < parts_->stores.size(); ++index) {
        TaskStore& store = parts_->stores[index];
        if (!store.restoring && store.layers->uncommitted_bytes() == 0 &&
            !contains(behind, index)) {
            store.current_at = now;
            store.checkpoint_is_old = store.on_disk;
        }
    }
    database.put_old_checkpoints(parts_->stores);
    database.write();
    database.flush_soon();
}

void TaskStores::roll_back() {
    check_open();
    parts_->database.discard();
    for (TaskStore& store : parts_->stores) {
        store.layers->roll_back();
    }
}

bool TaskStores::rolls_back() const {
    return !parts_->restore_failed &&
           std::all_of(parts_->stores.begin(), parts_->stores.end(),
                       [](const TaskStore& store) { return store.layers->engine().rolls_back(); });
}

void TaskStores::stop_processing() {
    check_open();
    for (TaskStore& store : parts_->stores) {
        store.layers->drop_clean_rows();
    }
    set_cache(parts_->own_cache);
    parts_->environment.context = nullptr;
}

std::optional<Offset> TaskStores::changelog_offset(std::size_t store) const {
    return at(store).offset;
}

const TopicPositions& TaskStores::positions(std::size_t store) const {
    return at(store).positions;
}

std::optional<Timestamp> TaskStores::current_at(std::size_t store) const {
    const Timestamp current = at(store).current_at;
    return current == kNoTimestamp ? std::nullopt : std::optional(current);
}

void TaskStores::clear(std::size_t store, std::optional<Timestamp> begun_at) {
    parts_->restore([&](StoreRestore step) { step.clear(at(store), begun_at); });
}

void TaskStores::restore(std::size_t store, std::span<const ChangelogRecord> records) {
    parts_->restore([&](StoreRestore step) { step.add(at(store), records); });
}

void TaskStores::finish_restore(std::size_t store, std::optional<Offset> last,
                                std::optional<Timestamp> current_at) {
    parts_->restore([&](StoreRestore step) { step.finish(at(store), last, current_at); });
}

void TaskStores::close() {
    if (parts_->closed) {
        return;
    }
    // In any case: files that stay open could not be opened again.
    struct Closing {
        TaskStores& stores;
        ~Closing() { stores.abandon(); }
    } const closing{*this};
    TaskDatabase& database = parts_->database;
    database.discard();
    for (TaskStore& store : parts_->stores) {
        if (store.checkpoint_is_old) {
            store.layers->roll_back();  // The saved state must be that of the last commit.
            database.put_checkpoint(store);
        }
    }
    database.write();
    MILLRACE_FAIL_POINT("close.written");
    database.flush();
    MILLRACE_FAIL_POINT("close.flushed");
}

void TaskStores::wipe() {
    abandon();
    for (const std::string& name : system_files().list(parts_->options.directory)) {
        system_files().remove_all(parts_->options.directory / name);
    }
}

// Unflushed rows are lost.
void TaskStores::abandon() {
    if (std::exchange(parts_->closed, true)) {
        return;
    }
    for (TaskStore& store : parts_->stores) {
        store.layers->leave_cache();
    }
    parts_->environment.cache = &parts_->own_cache;
    parts_->stores.clear();
    parts_->prefetching.clear();
    parts_->database.close();
}

}  // namespace millrace::state
