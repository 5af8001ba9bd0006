// SPDX-License-Identifier: Apache-2.0
#include "state/task/store_factory.hpp"

#include "millrace/core/error.hpp"
#include "state/engine/custom_engine.hpp"
#include "state/engine/lru_engine.hpp"
#include "state/engine/memory_engine.hpp"
#include "state/format/segment_interval.hpp"
#include "state/stores/layered_change_buffer.hpp"
#include "state/stores/layered_key_value_store.hpp"
#include "state/stores/layered_session_store.hpp"
#include "state/stores/layered_versioned_store.hpp"
#include "state/stores/layered_window_store.hpp"

#include <utility>

namespace millrace::state {

using detail::StoreKind;
using detail::StoreSpec;

bool is_on_disk(const StoreSpec& spec, StoreEngine default_engine) {
    const StoreEngine engine = spec.engine == StoreEngine::kDefault ? default_engine : spec.engine;
    return engine == StoreEngine::kRocksDb && spec.kind != StoreKind::kChangeBuffer &&
           !spec.custom_key_value && !spec.custom_window;
}

void StoreFactory::make(const StoreSpec& spec, std::size_t index, TaskStore& store) {
    switch (spec.kind) {
        case StoreKind::kKeyValue:
        case StoreKind::kTimestampedKeyValue:
            return make_on_engine<LayeredKeyValueStore>(spec, index, store);
        case StoreKind::kWindow:
        case StoreKind::kTimestampedWindow:
            return make_on_engine<LayeredWindowStore>(spec, index, store);
        case StoreKind::kSession:
            return make_on_engine<LayeredSessionStore>(spec, index, store);
        case StoreKind::kVersionedKeyValue:
            return make_on_engine<LayeredVersionedStore>(spec, index, store);
        case StoreKind::kChangeBuffer:
            return set_layers<LayeredChangeBuffer>(spec, index, store);
    }
    throw StateError("this kind of state store is not supported: store " + spec.name);
}

template <class Layered>
void StoreFactory::make_on_engine(const StoreSpec& spec, std::size_t index, TaskStore& store) {
    set_layers<Layered>(spec, index, store, make_engine(spec, index, store));
}

template <class Layered, class... Engines>
void StoreFactory::set_layers(const StoreSpec& spec, std::size_t index, TaskStore& store,
                              Engines... engine) {
    auto made = std::make_unique<Layered>(spec, index, environment_, std::move(engine)...);
    store.face = made.get();
    store.layers = std::move(made);
}

std::unique_ptr<Engine> StoreFactory::make_engine(const StoreSpec& spec, std::size_t index,
                                                  const TaskStore& store) {
    if (spec.custom_window) {
        throw StateError("custom window stores are not supported: store " + spec.name);
    }
    if (spec.custom_key_value) {
        return std::make_unique<CustomEngine>(spec.custom_key_value(spec.name));
    }
    if (spec.engine == StoreEngine::kLru) {
        return make_lru_engine(spec, index, store);
    }
    if (store.on_disk) {
        return database_.engine(spec.name, is_segmented(spec.kind));
    }
    return std::make_unique<MemoryEngine>();
}

// Evictions are logged. As in Kafka Streams, those during a restore are not: the restore thread
// must not send.
std::unique_ptr<Engine> StoreFactory::make_lru_engine(const StoreSpec& spec, std::size_t index,
                                                      const TaskStore& store) {
    auto engine = std::make_unique<LruEngine>(spec.max_entries);
    if (spec.logging && spec.source_topic.empty() && environment_.processing) {
        engine->on_evict([&environment = environment_, &store, index](BytesView key) {
            if (environment.context != nullptr && !store.restoring) {
                environment.context->log_change(index, key, std::nullopt,
                                                environment.context->record().timestamp, nullptr);
            }
        });
    }
    return engine;
}

}  // namespace millrace::state
