// SPDX-License-Identifier: Apache-2.0
#include "state/task_stores.hpp"

#include "core/check.hpp"
#include "core/clock.hpp"
#include "millrace/core/error.hpp"
#include "state/custom_engine.hpp"
#include "state/layered_key_value_store.hpp"
#include "state/layered_window_store.hpp"
#include "state/lru_engine.hpp"
#include "state/memory_engine.hpp"
#include "state/state_memory.hpp"
#include "state/thread_cache.hpp"

#include <utility>

namespace millrace::state {

using detail::StoreKind;
using detail::StoreSpec;

class TaskStores::Implementation {
  public:
    Implementation(Options options, StateMemory& memory)
        : options_(std::move(options)), own_cache_(memory.cache_bytes_per_thread()) {
        environment_.cache = &own_cache_;
        environment_.processing = options_.processing;
        for (std::size_t index = 0; index < options_.specs.size(); ++index) {
            stores_.push_back(open(options_.specs[index], index));
        }
    }

    struct Store {
        std::unique_ptr<LayeredStore> layers;
        StateStore* face = nullptr;
        std::optional<Offset> offset;
    };

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
        for (Store& store : stores_) {
            store.layers->store_changes();
        }
        for (Store& store : stores_) {
            store.layers->committed();
        }
        for (std::size_t index = 0; index < offsets.size(); ++index) {
            if (offsets[index]) {
                stores_[index].offset = offsets[index];
                offsets_written_at_ = system_clock().now();
            }
        }
    }

    void close() {
        if (std::exchange(closed_, true)) {
            return;
        }
        for (Store& store : stores_) {
            store.layers->leave_cache();
        }
        environment_.cache = &own_cache_;
        stores_.clear();
    }

    Options options_;
    ThreadCache own_cache_;
    StoreEnvironment environment_;
    std::vector<Store> stores_;
    std::optional<Timestamp> offsets_written_at_;
    bool closed_ = false;

  private:
    Store open(const StoreSpec& spec, std::size_t index) {
        Store store;
        switch (spec.kind) {
            case StoreKind::kKeyValue:
            case StoreKind::kTimestampedKeyValue: {
                auto made = std::make_unique<LayeredKeyValueStore>(spec, index, environment_,
                                                                   make_engine(spec, index));
                store.face = made.get();
                store.layers = std::move(made);
                return store;
            }
            case StoreKind::kWindow:
            case StoreKind::kTimestampedWindow: {
                auto made = std::make_unique<LayeredWindowStore>(spec, index, environment_,
                                                                 make_engine(spec, index));
                store.face = made.get();
                store.layers = std::move(made);
                return store;
            }
            case StoreKind::kVersionedKeyValue:
            case StoreKind::kSession:
                break;
        }
        throw StateError("this kind of state store does not exist yet: store " + spec.name);
    }

    std::unique_ptr<Engine> make_engine(const StoreSpec& spec, std::size_t index) {
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
        return std::make_unique<MemoryEngine>();
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
    implementation_->check_open();
    for (auto& store : implementation_->stores_) {
        store.layers->roll_back();
    }
}

std::optional<Offset> TaskStores::changelog_offset(std::size_t store) const {
    return implementation_->at(store).offset;
}

std::optional<Timestamp> TaskStores::offsets_written_at() const {
    return implementation_->offsets_written_at_;
}

void TaskStores::clear(std::size_t store) {
    auto& cleared = implementation_->at(store);
    cleared.layers->clear();
    cleared.offset.reset();
}

void TaskStores::restore(std::size_t store, std::span<const ChangelogRecord> records) {
    implementation_->at(store).layers->restore(records);
}

void TaskStores::finish_restore(std::size_t store, std::optional<Offset> last) {
    auto& restored = implementation_->at(store);
    if (last) {
        restored.offset = last;
        implementation_->offsets_written_at_ = system_clock().now();
    }
}

void TaskStores::close() {
    implementation_->close();
}

void TaskStores::wipe() {
    implementation_->close();
}

}  // namespace millrace::state
