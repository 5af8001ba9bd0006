// SPDX-License-Identifier: Apache-2.0
#include "state/task_stores.hpp"

#include "core/check.hpp"
#include "core/clock.hpp"
#include "core/file_system.hpp"
#include "millrace/core/error.hpp"
#include "state/custom_engine.hpp"
#include "state/database.hpp"
#include "state/layered_change_buffer.hpp"
#include "state/layered_key_value_store.hpp"
#include "state/layered_session_store.hpp"
#include "state/layered_versioned_store.hpp"
#include "state/layered_window_store.hpp"
#include "state/lru_engine.hpp"
#include "state/memory_engine.hpp"
#include "state/state_corrupted.hpp"
#include "state/state_memory.hpp"
#include "state/thread_cache.hpp"
#include "state/window_key.hpp"

#include <utility>

namespace millrace::state {

using detail::StoredHeaders;
using detail::StoreKind;
using detail::StoreSpec;

namespace {

constexpr std::size_t kOffsetSize = 8;
constexpr std::size_t kMostExpecting = 2;
constexpr char kFormat = 1;
constexpr char kFormatWithHeaders = 2;  // Of the store's rows.

char format_of(const StoreSpec& spec) {
    return spec.headers == StoredHeaders::kNone ? kFormat : kFormatWithHeaders;
}

// Of the kinds that are mostly read by the key of the record at hand.
bool takes_hints(StoreKind kind) {
    return kind == StoreKind::kTimestampedKeyValue || kind == StoreKind::kTimestampedWindow ||
           kind == StoreKind::kWindow || kind == StoreKind::kSession;
}

bool has_changelog(const StoreSpec& spec) {
    return spec.logging || !spec.source_topic.empty();
}

}  // namespace

class TaskStores::Implementation {
  public:
    struct Store {
        std::unique_ptr<LayeredStore> layers;
        StateStore* face = nullptr;
        bool on_disk = false;
        std::optional<Offset> offset;
        bool empty = false;  // Surely: so that a restore may load instead of write.
        bool loading = false;
    };

    Implementation(Options options, StateMemory& memory)
        : options_(std::move(options)), own_cache_(memory.cache_bytes_per_thread()) {
        environment_.cache = &own_cache_;
        environment_.processing = options_.processing;
        for (StoreSpec& spec : options_.specs) {
            // As in Kafka Streams, tables in memory have no room for headers.
            const bool wanted = spec.headers != StoredHeaders::kEmptyIfAsked || on_disk(spec);
            if ((!options_.dsl_headers || !wanted) && spec.headers != StoredHeaders::kGiven) {
                spec.headers = StoredHeaders::kNone;
            }
        }
        for (const StoreSpec& spec : options_.specs) {
            if (on_disk(spec) && database_ == nullptr) {
                database_ = open_database(options_.directory / "db", options_.name, memory);
            }
        }
        for (std::size_t index = 0; index < options_.specs.size(); ++index) {
            stores_.push_back(open(options_.specs[index], index));
            load_about(stores_.back());
        }
        expect_keys();
    }

    // Where there are many tables, hints for all would cost more than they gain.
    void expect_keys() {
        for (const Store& store : stores_) {
            if (takes_hints(store.layers->spec().kind) && !store.layers->engine().direct()) {
                expecting_.push_back(store.layers.get());
            }
        }
        if (expecting_.size() > kMostExpecting) {
            expecting_.clear();
        }
    }

    Store& at(std::size_t store) {
        MILLRACE_CHECK(store < stores_.size());
        check_open();
        return stores_[store];
    }

    void check_open() const {
        if (closed_) {
            throw StateError("state stores are closed: task " + options_.name);
        }
    }

    void set_cache(ThreadCache& cache) {
        for (Store& store : stores_) {
            store.layers->leave_cache();
        }
        environment_.cache = &cache;
        for (Store& store : stores_) {
            store.layers->join_cache();
        }
    }

    void commit(std::span<const std::optional<Offset>> offsets) {
        check_open();
        MILLRACE_CHECK(offsets.empty() || offsets.size() == stores_.size());
        for (std::size_t index = 0; index < stores_.size(); ++index) {
            Store& store = stores_[index];
            store.layers->store_changes();
            const bool moved = index < offsets.size() && offsets[index];
            if (moved) {
                set_offset(store, *offsets[index]);
            }
            if (moved || store.layers->uncommitted_bytes() != 0) {
                store.empty = false;
                put_about(store);
            }
        }
        write();
        for (Store& store : stores_) {
            store.layers->committed();
        }
    }

    void roll_back() {
        check_open();
        for (Store& store : stores_) {
            store.layers->roll_back();
        }
    }

    void clear(Store& store) {
        store.offset.reset();
        store.loading = false;
        if (store.on_disk) {
            // The offset must be off the disk before the rows are: no crash may leave it alone.
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

    void restore(Store& store, std::span<const ChangelogRecord> records) {
        if (records.empty()) {
            return;
        }
        if (!store.offset && !store.loading && store.empty && store.layers->restores_by_loading()) {
            store.layers->engine().begin_load();
            store.loading = true;
        }
        store.empty = false;
        store.layers->restore(records);
        if (store.loading) {
            return;
        }
        if (store.offset) {
            set_offset(store, records.back().offset);
            put_about(store);
        }
        write();
        store.layers->committed();
    }

    void finish_restore(Store& store, std::optional<Offset> last) {
        if (store.loading) {
            store.layers->engine().end_load();
            store.loading = false;
        }
        if (last) {
            set_offset(store, *last);
            put_about(store);
        }
        write();
        store.layers->committed();
    }

    void close() {
        if (closed_) {
            return;
        }
        if (database_ != nullptr) {
            database_->discard();
            database_->flush();
        }
        abandon();
    }

    void wipe() {
        abandon();
        for (const std::string& name : system_files().list(options_.directory)) {
            system_files().remove_all(options_.directory / name);
        }
    }

    // What was not flushed is lost.
    void abandon() {
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

  private:
    friend class TaskStores;

    Options options_;
    ThreadCache own_cache_;
    StoreEnvironment environment_;
    std::unique_ptr<Database> database_;  // Null when all stores are in memory.
    std::vector<Store> stores_;
    std::vector<LayeredStore*> expecting_;
    std::optional<Timestamp> offsets_written_at_;
    bool closed_ = false;

    bool on_disk(const StoreSpec& spec) const {
        const StoreEngine engine =
            spec.engine == StoreEngine::kDefault ? options_.default_engine : spec.engine;
        return engine == StoreEngine::kRocksDb && spec.kind != StoreKind::kChangeBuffer &&
               !spec.custom_key_value && !spec.custom_window;
    }

    void set_offset(Store& store, Offset offset) {
        store.offset = offset;
        offsets_written_at_ = system_clock().now();
    }

    // docs/formats/state-database.md
    void put_about(const Store& store) {
        if (!store.on_disk) {
            return;
        }
        Bytes row(1, format_of(store.layers->spec()));
        append_big_endian(static_cast<std::uint64_t>(store.offset.value_or(-1)), kOffsetSize, row);
        append_timestamp(offsets_written_at_.value_or(kNoTimestamp), row);
        store.layers->save(row);
        database_->put_about(store.layers->spec().name, BytesView(row));
    }

    void load_about(Store& store) {
        store.empty = store.layers->engine().empty();
        if (!store.on_disk) {
            return;
        }
        const std::optional<Bytes> row = database_->about(store.layers->spec().name);
        const bool is_of_format = !row || row->empty() || !is_other_format(store, row->front());
        if (row && is_of_format) {
            read_about(store, *row);
        }
        // Rows that no offset vouches for are of no use, unless there is no changelog at all.
        if (!is_of_format ||
            (!store.offset && !store.empty && (!row || has_changelog(store.layers->spec())))) {
            clear(store);
        }
    }

    // The setting dsl.store.format was changed: rows are of no use, and come back by a restore.
    static bool is_other_format(const Store& store, char format) {
        return (format == kFormat || format == kFormatWithHeaders) &&
               format != format_of(store.layers->spec());
    }

    void read_about(Store& store, BytesView row) {
        const std::size_t fixed = 1 + kOffsetSize + kStartSize;
        if (row.size() < fixed || row[0] != format_of(store.layers->spec())) {
            throw StateCorrupted("cannot read the state database: task " + options_.name +
                                 ", store " + store.layers->spec().name +
                                 ": unknown format of its offset");
        }
        const auto offset = static_cast<Offset>(read_big_endian(row.substr(1, kOffsetSize)));
        if (offset >= 0) {
            store.offset = offset;
        }
        const Timestamp written = read_timestamp(row.substr(1 + kOffsetSize, kStartSize));
        if (written != kNoTimestamp && (!offsets_written_at_ || *offsets_written_at_ < written)) {
            offsets_written_at_ = written;
        }
        store.layers->load(row.substr(fixed));
    }

    void write() {
        if (database_ != nullptr) {
            database_->write();
        }
    }

    Store open(const StoreSpec& spec, std::size_t index) {
        switch (spec.kind) {
            case StoreKind::kKeyValue:
            case StoreKind::kTimestampedKeyValue:
                return opened<LayeredKeyValueStore>(spec, index, make_engine(spec, index));
            case StoreKind::kWindow:
            case StoreKind::kTimestampedWindow:
                return opened<LayeredWindowStore>(spec, index, make_engine(spec, index));
            case StoreKind::kSession:
                return opened<LayeredSessionStore>(spec, index, make_engine(spec, index));
            case StoreKind::kVersionedKeyValue:
                return opened<LayeredVersionedStore>(spec, index, make_engine(spec, index));
            case StoreKind::kChangeBuffer:
                return opened<LayeredChangeBuffer>(spec, index);
        }
        throw StateError("this kind of state store does not exist yet: store " + spec.name);
    }

    template <class Layered, class... Engines>
    Store opened(const StoreSpec& spec, std::size_t index, Engines... engine) {
        Store store;
        store.on_disk = on_disk(spec);
        auto made = std::make_unique<Layered>(spec, index, environment_, std::move(engine)...);
        store.face = made.get();
        store.layers = std::move(made);
        return store;
    }

    std::unique_ptr<Engine> make_engine(const StoreSpec& spec, std::size_t index) {
        if (spec.custom_window) {
            throw StateError("window stores with an engine of one's own do not exist yet: store " +
                             spec.name);
        }
        if (spec.custom_key_value) {
            return std::make_unique<CustomEngine>(spec.custom_key_value(spec.name));
        }
        if (spec.engine == StoreEngine::kLru) {
            auto engine = std::make_unique<LruEngine>(spec.max_entries);
            const bool logging = spec.logging && spec.source_topic.empty();
            engine->on_evict([this, index, logging](BytesView key) {
                if (logging && environment_.processing && environment_.context != nullptr) {
                    environment_.context->log_change(index, key, std::nullopt,
                                                     environment_.context->record().timestamp,
                                                     nullptr);
                }
            });
            return engine;
        }
        if (on_disk(spec)) {
            return database_->engine(spec.name, is_segmented(spec.kind));
        }
        return std::make_unique<MemoryEngine>();
    }

    static bool is_segmented(StoreKind kind) {
        return kind == StoreKind::kWindow || kind == StoreKind::kTimestampedWindow ||
               kind == StoreKind::kSession || kind == StoreKind::kVersionedKeyValue;
    }
};

TaskStores::TaskStores(Options options, StateMemory& memory)
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

void TaskStores::set_cache(ThreadCache& cache) {
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

void TaskStores::forget_flushed() {
    implementation_->check_open();
    for (auto& store : implementation_->stores_) {
        store.layers->forget_flushed();
    }
}

void TaskStores::expect(BytesView key) {
    for (LayeredStore* store : implementation_->expecting_) {
        store->expect(key);
    }
}

bool TaskStores::expects() const noexcept {
    return !implementation_->expecting_.empty();
}

std::size_t TaskStores::uncommitted_bytes() const {
    std::size_t bytes = 0;
    for (const auto& store : implementation_->stores_) {
        bytes += store.layers->uncommitted_bytes();
    }
    return bytes;
}

void TaskStores::commit(std::span<const std::optional<Offset>> changelog_offsets) {
    implementation_->commit(changelog_offsets);
}

void TaskStores::roll_back() {
    implementation_->roll_back();
}

std::optional<Offset> TaskStores::changelog_offset(std::size_t store) const {
    return implementation_->at(store).offset;
}

std::optional<Timestamp> TaskStores::offsets_written_at() const {
    return implementation_->offsets_written_at_;
}

void TaskStores::clear(std::size_t store) {
    implementation_->clear(implementation_->at(store));
}

void TaskStores::restore(std::size_t store, std::span<const ChangelogRecord> records) {
    implementation_->restore(implementation_->at(store), records);
}

void TaskStores::finish_restore(std::size_t store, std::optional<Offset> last) {
    implementation_->finish_restore(implementation_->at(store), last);
}

void TaskStores::close() {
    implementation_->close();
}

void TaskStores::wipe() {
    implementation_->wipe();
}

}  // namespace millrace::state
