// SPDX-License-Identifier: Apache-2.0

// The part of TaskStores that opens stores and decides whether existing state can be used.
#include "core/file_system.hpp"
#include "core/log.hpp"
#include "millrace/core/error.hpp"
#include "state/budget/memory_budget.hpp"
#include "state/engine/custom_engine.hpp"
#include "state/engine/lru_engine.hpp"
#include "state/engine/memory_engine.hpp"
#include "state/format/checkpoint.hpp"
#include "state/format/segment_interval.hpp"
#include "state/stores/layered_change_buffer.hpp"
#include "state/stores/layered_key_value_store.hpp"
#include "state/stores/layered_session_store.hpp"
#include "state/stores/layered_versioned_store.hpp"
#include "state/stores/layered_window_store.hpp"
#include "state/task/segment_check.hpp"
#include "state/task/state_trust.hpp"
#include "state/task/task_stores_implementation.hpp"

#include <algorithm>
#include <utility>

namespace millrace::state {

using detail::StoredHeaders;
using detail::StoreKind;
using detail::StoreSpec;

namespace {

constexpr std::size_t kMostPrefetching = 2;
constexpr const char* kDatabase = "db";

// Of the kinds that are usually read by the key of the current record.
bool is_read_by_record_key(StoreKind kind) {
    return kind == StoreKind::kTimestampedKeyValue || kind == StoreKind::kTimestampedWindow ||
           kind == StoreKind::kWindow || kind == StoreKind::kSession;
}

}  // namespace

TaskStores::Implementation::Implementation(Options options, MemoryBudget& memory)
    : options_(std::move(options)),
      clock_(options_.clock != nullptr ? *options_.clock : system_clock()),
      flush_interval_(memory.limits().flush_interval),
      own_cache_(memory.cache_bytes_per_thread()),
      flushed_at_(clock_.monotonic()) {
    environment_.cache = &own_cache_;
    environment_.processing = options_.processing;
    settle_headers();
    open_files(memory);
    stores_.reserve(options_.specs.size());
    for (std::size_t index = 0; index < options_.specs.size(); ++index) {
        stores_.push_back(open(options_.specs[index], index));
        Store& store = stores_.back();
        // Rows without an offset cannot be used, unless there is no changelog at all.
        if (store.on_disk && !store.offset && store.positions.empty() && !store.empty &&
            shape_of(options_.specs[index]).backed_up) {
            clear(store);
        }
    }
    choose_prefetching();
}

// As in Kafka Streams, tables in memory do not store headers.
void TaskStores::Implementation::settle_headers() {
    for (StoreSpec& spec : options_.specs) {
        const bool wanted = spec.headers != StoredHeaders::kEmptyIfAsked || on_disk(spec);
        if ((!options_.dsl_headers || !wanted) && spec.headers != StoredHeaders::kGiven) {
            spec.headers = StoredHeaders::kNone;
        }
    }
}

bool TaskStores::Implementation::on_disk(const StoreSpec& spec) const {
    const StoreEngine engine =
        spec.engine == StoreEngine::kDefault ? options_.default_engine : spec.engine;
    return engine == StoreEngine::kRocksDb && spec.kind != StoreKind::kChangeBuffer &&
           !spec.custom_key_value && !spec.custom_window;
}

bool TaskStores::Implementation::any_on_disk() const {
    return std::any_of(options_.specs.begin(), options_.specs.end(),
                       [this](const StoreSpec& spec) { return on_disk(spec); });
}

void TaskStores::Implementation::open_files(MemoryBudget& memory) {
    const std::filesystem::path folder = options_.directory / kDatabase;
    const bool any = any_on_disk();
    if (!any && (options_.directory.empty() || !system_files().exists(folder))) {
        return;
    }
    database_ = open_database(folder, options_.name, memory);
    remove_unknown();
    if (!any) {
        database_.reset();
        system_files().remove_all(folder);
    }
}

// Stores that were removed from the topology, or moved to memory.
void TaskStores::Implementation::remove_unknown() {
    const std::vector<std::string> found = database_->stores();
    for (const std::string& name : found) {
        // State of a newer version is not deleted.
        if (const std::optional<Bytes> row = database_->about(name)) {
            read_checkpoint(*row, "task " + options_.name + ", store " + name);
        }
    }
    const auto known = [this](const std::string& name) {
        return std::any_of(
            options_.specs.begin(), options_.specs.end(),
            [&](const StoreSpec& spec) { return spec.name == name && on_disk(spec); });
    };
    warn_of_stores_that_start_empty(found);
    for (const std::string& name : found) {
        if (!known(name)) {
            log::warn(
                "deleting the rows on disk of a store that the topology no longer has on disk: "
                "task " +
                options_.name + ", store " + name);
            database_->remove(name);
        }
    }
}

// Of stores with a changelog, the changelog tells: runtime/thread/renamed_state.hpp.
void TaskStores::Implementation::warn_of_stores_that_start_empty(
    const std::vector<std::string>& found) const {
    const auto has_state = [this](const std::string& name) {
        return database_->about(name).has_value();
    };
    if (std::none_of(found.begin(), found.end(), has_state)) {
        return;
    }
    for (const StoreSpec& spec : options_.specs) {
        if (on_disk(spec) && !shape_of(spec).backed_up && !has_state(spec.name)) {
            log::warn("store " + spec.name + " of task " + options_.name +
                      " has no changelog and starts empty in a directory that has state: the "
                      "store is new, or it was renamed and its state is lost. Name the store in "
                      "the topology, because generated names change with the topology: directory " +
                      options_.directory.string());
        }
    }
}

std::string TaskStores::Implementation::where(const StoreSpec& spec) const {
    return "task " + options_.name + ", store " + spec.name + ", folder " +
           options_.directory.string();
}

TaskStores::Implementation::Store TaskStores::Implementation::open(StoreSpec& spec,
                                                                   std::size_t index) {
    Store store;
    store.on_disk = on_disk(spec);
    std::optional<Bytes> saved;
    if (store.on_disk) {
        saved = judge_rows(spec, store);
        store.shape = shape_bytes(shape_of(spec));
    }
    open_layers(spec, index, store);
    store.empty = store.layers->engine().empty();
    if (saved) {
        store.layers->load(*saved);
    }
    return store;
}

// Returns the store's own data, if they can be used: their segments may differ from the
// specification. Otherwise deletes them.
std::optional<Bytes> TaskStores::Implementation::judge_rows(StoreSpec& spec, Store& store) {
    const std::optional<Bytes> row = database_->about(spec.name);
    if (!row) {
        database_->remove(spec.name);  // Rows without a metadata row.
        return std::nullopt;
    }
    Checkpoint stored = read_checkpoint(*row, where(spec));
    const StateTrust trust =
        judge(stored, shape_of(spec), database_->has_rows(spec.name), where(spec));
    if (trust.verdict == StateTrust::Verdict::kRebuild) {
        log::warn("rebuilding store " + spec.name + " of task " + options_.name +
                  " from its changelog: " + trust.why);
        database_->remove(spec.name);
        return std::nullopt;
    }
    if (!trust.why.empty()) {
        log::info("using a store on disk that was created with other settings: " + where(spec) +
                  ": " + trust.why);
    }
    if (trust.segment_interval != 0) {
        spec.segment_interval = std::chrono::milliseconds(trust.segment_interval);
    }
    if (!stored.shape && is_segmented(spec.kind)) {
        check_segments(*database_->engine(spec.name, /*segmented=*/true), spec, where(spec));
    }
    if (trust.offset_holds) {
        store.offset = stored.offset;
        store.positions = std::move(stored.positions);
        store.current_at = stored.current_at;
    }
    return std::move(stored.rest);
}

void TaskStores::Implementation::open_layers(const StoreSpec& spec, std::size_t index,
                                             Store& store) {
    switch (spec.kind) {
        case StoreKind::kKeyValue:
        case StoreKind::kTimestampedKeyValue:
            return set_layers<LayeredKeyValueStore>(spec, index, store, make_engine(spec, index));
        case StoreKind::kWindow:
        case StoreKind::kTimestampedWindow:
            return set_layers<LayeredWindowStore>(spec, index, store, make_engine(spec, index));
        case StoreKind::kSession:
            return set_layers<LayeredSessionStore>(spec, index, store, make_engine(spec, index));
        case StoreKind::kVersionedKeyValue:
            return set_layers<LayeredVersionedStore>(spec, index, store, make_engine(spec, index));
        case StoreKind::kChangeBuffer:
            return set_layers<LayeredChangeBuffer>(spec, index, store);
    }
    throw StateError("this kind of state store is not supported: store " + spec.name);
}

template <class Layered, class... Engines>
void TaskStores::Implementation::set_layers(const StoreSpec& spec, std::size_t index, Store& store,
                                            Engines... engine) {
    auto made = std::make_unique<Layered>(spec, index, environment_, std::move(engine)...);
    store.face = made.get();
    store.layers = std::move(made);
}

std::unique_ptr<Engine> TaskStores::Implementation::make_engine(const StoreSpec& spec,
                                                                std::size_t index) {
    if (spec.custom_window) {
        throw StateError("custom window stores are not supported: store " + spec.name);
    }
    if (spec.custom_key_value) {
        return std::make_unique<CustomEngine>(spec.custom_key_value(spec.name));
    }
    if (spec.engine == StoreEngine::kLru) {
        auto engine = std::make_unique<LruEngine>(spec.max_entries);
        engine->on_evict([this, &spec, index](BytesView key) { on_evict(spec, index, key); });
        return engine;
    }
    if (on_disk(spec)) {
        return database_->engine(spec.name, is_segmented(spec.kind));
    }
    return std::make_unique<MemoryEngine>();
}

// As in Kafka Streams, evictions during a restore are not forwarded: the restore thread must not
// send.
void TaskStores::Implementation::on_evict(const StoreSpec& spec, std::size_t index, BytesView key) {
    const bool logging = spec.logging && spec.source_topic.empty() && environment_.processing;
    if (logging && environment_.context != nullptr && !stores_[index].restoring) {
        environment_.context->log_change(index, key, std::nullopt,
                                         environment_.context->record().timestamp, nullptr);
    }
}

// With many tables, prefetching for all would cost more than it gains.
void TaskStores::Implementation::choose_prefetching() {
    for (const Store& store : stores_) {
        if (is_read_by_record_key(store.layers->spec().kind) && !store.layers->engine().direct()) {
            prefetching_.push_back(store.layers.get());
        }
    }
    if (prefetching_.size() > kMostPrefetching) {
        prefetching_.clear();
    }
}

}  // namespace millrace::state
