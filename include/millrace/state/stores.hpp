// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/error.hpp"
#include "millrace/state/key_value_store.hpp"
#include "millrace/state/session_store.hpp"
#include "millrace/state/store_serdes.hpp"
#include "millrace/state/store_spec.hpp"
#include "millrace/state/store_types.hpp"
#include "millrace/state/value_timestamp_headers.hpp"
#include "millrace/state/versioned_key_value_store.hpp"
#include "millrace/state/window_store.hpp"

#include <chrono>
#include <concepts>
#include <cstddef>
#include <map>
#include <string>
#include <utility>

namespace millrace {

/// Where and how a store keeps its rows; what they are is up to the builder. Made by the functions
/// in millrace::stores.
struct KeyValueStoreSupplier {
    detail::StoreSpec spec;
};
struct VersionedStoreSupplier {
    detail::StoreSpec spec;
};
struct WindowStoreSupplier {
    detail::StoreSpec spec;
};
struct SessionStoreSupplier {
    detail::StoreSpec spec;
};

/// Stores of which a cache can hold back changes: not those that keep versions.
template <class Store>
concept CacheableStore = !std::constructible_from<Store, VersionedBytesStore&>;

/// A state store to be added to a topology and connected to processors. `Store` is how processors
/// see it, for example KeyValueStore<std::string, std::int64_t>.
template <class Store>
class StoreBuilder {
  public:
    using KeySerde = SerdeOf<typename Store::Key>;
    using ValueSerde = typename Store::ValueSerde;

    StoreBuilder(detail::StoreSpec spec, KeySerde key_serde, ValueSerde value_serde)
        : spec_(std::move(spec)),
          key_serde_(std::move(key_serde)),
          value_serde_(std::move(value_serde)) {
        spec_.types = detail::store_types(key_serde_, value_serde_);
        spec_.serdes = detail::kept_serdes(key_serde_, value_serde_);
    }

    /// Off unless switched on. With a cache, fewer changes reach the disk and the changelog. Stores
    /// that keep duplicates have none, those that keep versions cannot.
    StoreBuilder with_caching(bool enabled = true) const
        requires CacheableStore<Store>
    {
        StoreBuilder changed = *this;
        changed.spec_.caching = enabled && !spec_.retain_duplicates;
        return changed;
    }

    /// Backs the store up in a changelog topic, as it is without this call; `config` has Kafka's
    /// topic settings that differ from ours.
    StoreBuilder with_logging(std::map<std::string, std::string> config) const {
        StoreBuilder changed = *this;
        changed.spec_.logging = true;
        changed.spec_.changelog_config = std::move(config);
        return changed;
    }

    /// The store's content is lost when its task moves or its disk is.
    StoreBuilder without_logging() const {
        StoreBuilder changed = *this;
        changed.spec_.logging = false;
        changed.spec_.changelog_config.clear();
        return changed;
    }

    const std::string& name() const noexcept { return spec_.name; }
    const detail::StoreSpec& spec() const noexcept { return spec_; }
    const KeySerde& key_serde() const noexcept { return key_serde_; }
    const ValueSerde& value_serde() const noexcept { return value_serde_; }

  private:
    detail::StoreSpec spec_;
    KeySerde key_serde_;
    ValueSerde value_serde_;
};

namespace stores {

namespace internal {

inline void check_name(const std::string& name) {
    if (name.empty()) {
        throw TopologyError("a state store needs a name");
    }
}

inline millrace::detail::StoreSpec spec(std::string name, StoreEngine engine) {
    check_name(name);
    millrace::detail::StoreSpec made;
    made.name = std::move(name);
    made.engine = engine;
    return made;
}

inline VersionedStoreSupplier versioned(std::string name, StoreEngine engine,
                                        std::chrono::milliseconds history,
                                        std::chrono::milliseconds segment_interval) {
    VersionedStoreSupplier supplier{spec(std::move(name), engine)};
    if (history.count() < 0 || segment_interval.count() < 0) {
        throw TopologyError("history and segments of a store cannot be negative: store " +
                            supplier.spec.name + ", history " + std::to_string(history.count()) +
                            " ms, segments " + std::to_string(segment_interval.count()) + " ms");
    }
    supplier.spec.retention = history;
    supplier.spec.segment_interval = segment_interval;
    return supplier;
}

inline WindowStoreSupplier window(std::string name, StoreEngine engine,
                                  std::chrono::milliseconds retention,
                                  std::chrono::milliseconds window_size, bool retain_duplicates) {
    WindowStoreSupplier supplier{spec(std::move(name), engine)};
    if (window_size.count() < 0 || retention < window_size) {
        throw TopologyError(
            "the retention of a window store cannot be shorter than its windows: store " +
            supplier.spec.name + ", retention " + std::to_string(retention.count()) +
            " ms, windows " + std::to_string(window_size.count()) + " ms");
    }
    supplier.spec.retention = retention;
    supplier.spec.window_size = window_size;
    supplier.spec.retain_duplicates = retain_duplicates;
    return supplier;
}

inline SessionStoreSupplier session(std::string name, StoreEngine engine,
                                    std::chrono::milliseconds retention) {
    SessionStoreSupplier supplier{spec(std::move(name), engine)};
    if (retention.count() < 0) {
        throw TopologyError("the retention of a session store cannot be negative: store " +
                            supplier.spec.name + ", retention " +
                            std::to_string(retention.count()) + " ms");
    }
    supplier.spec.retention = retention;
    return supplier;
}

}  // namespace internal

/// On disk.
inline KeyValueStoreSupplier persistent_key_value_store(std::string name) {
    return {internal::spec(std::move(name), StoreEngine::kRocksDb)};
}

/// In memory, ordered by key.
inline KeyValueStoreSupplier in_memory_key_value_store(std::string name) {
    return {internal::spec(std::move(name), StoreEngine::kInMemory)};
}

/// In memory; one row more than `max_entries` drops the one used longest ago.
inline KeyValueStoreSupplier lru_map(std::string name, std::size_t max_entries) {
    KeyValueStoreSupplier supplier{internal::spec(std::move(name), StoreEngine::kLru)};
    if (max_entries == 0) {
        throw TopologyError("a bounded store must hold at least one row: store " +
                            supplier.spec.name);
    }
    supplier.spec.max_entries = max_entries;
    return supplier;
}

/// On disk, with the values that each key had in the last `history`. Expired ones go by the
/// segment of time in which they ended; 0: a length that fits the history.
inline VersionedStoreSupplier persistent_versioned_store(
    std::string name, std::chrono::milliseconds history,
    std::chrono::milliseconds segment_interval = std::chrono::milliseconds(0)) {
    return internal::versioned(std::move(name), StoreEngine::kRocksDb, history, segment_interval);
}

/// The same in memory, which Kafka Streams does not have.
inline VersionedStoreSupplier in_memory_versioned_store(
    std::string name, std::chrono::milliseconds history,
    std::chrono::milliseconds segment_interval = std::chrono::milliseconds(0)) {
    return internal::versioned(std::move(name), StoreEngine::kInMemory, history, segment_interval);
}

/// On disk. Rows go some time after they are `retention` older than the latest window; until then
/// `retain_duplicates` keeps all rows put for a key and a start, instead of the last.
inline WindowStoreSupplier persistent_window_store(std::string name,
                                                   std::chrono::milliseconds retention,
                                                   std::chrono::milliseconds window_size,
                                                   bool retain_duplicates = false) {
    return internal::window(std::move(name), StoreEngine::kRocksDb, retention, window_size,
                            retain_duplicates);
}

/// In memory; otherwise as persistent_window_store.
inline WindowStoreSupplier in_memory_window_store(std::string name,
                                                  std::chrono::milliseconds retention,
                                                  std::chrono::milliseconds window_size,
                                                  bool retain_duplicates = false) {
    return internal::window(std::move(name), StoreEngine::kInMemory, retention, window_size,
                            retain_duplicates);
}

/// On disk. Sessions go some time after they ended `retention` before the latest end.
inline SessionStoreSupplier persistent_session_store(std::string name,
                                                     std::chrono::milliseconds retention) {
    return internal::session(std::move(name), StoreEngine::kRocksDb, retention);
}

/// In memory; sessions go when they ended `retention` before the latest end.
inline SessionStoreSupplier in_memory_session_store(std::string name,
                                                    std::chrono::milliseconds retention) {
    return internal::session(std::move(name), StoreEngine::kInMemory, retention);
}

template <class K, class V>
StoreBuilder<KeyValueStore<K, V>> key_value_store(KeyValueStoreSupplier supplier,
                                                  SerdeOf<K> key_serde = {},
                                                  SerdeOf<V> value_serde = {}) {
    supplier.spec.kind = millrace::detail::StoreKind::kKeyValue;
    return {std::move(supplier.spec), std::move(key_serde), std::move(value_serde)};
}

template <class K, class V>
StoreBuilder<TimestampedKeyValueStore<K, V>> timestamped_key_value_store(
    KeyValueStoreSupplier supplier, SerdeOf<K> key_serde = {}, SerdeOf<V> value_serde = {}) {
    supplier.spec.kind = millrace::detail::StoreKind::kTimestampedKeyValue;
    return {std::move(supplier.spec), std::move(key_serde), std::move(value_serde)};
}

/// Values with the time and the headers of their last update (KIP-1271).
template <class K, class V>
StoreBuilder<KeyValueStore<K, ValueTimestampHeaders<V>>> timestamped_key_value_store_with_headers(
    KeyValueStoreSupplier supplier, SerdeOf<K> key_serde = {}, SerdeOf<V> value_serde = {}) {
    supplier.spec.kind = millrace::detail::StoreKind::kTimestampedKeyValue;
    supplier.spec.headers = millrace::detail::StoredHeaders::kGiven;
    return {std::move(supplier.spec), std::move(key_serde), std::move(value_serde)};
}

template <class K, class V>
StoreBuilder<VersionedKeyValueStore<K, V>> versioned_key_value_store(
    VersionedStoreSupplier supplier, SerdeOf<K> key_serde = {}, SerdeOf<V> value_serde = {}) {
    supplier.spec.kind = millrace::detail::StoreKind::kVersionedKeyValue;
    return {std::move(supplier.spec), std::move(key_serde), std::move(value_serde)};
}

template <class K, class V>
StoreBuilder<WindowStore<K, V>> window_store(WindowStoreSupplier supplier,
                                             SerdeOf<K> key_serde = {},
                                             SerdeOf<V> value_serde = {}) {
    supplier.spec.kind = millrace::detail::StoreKind::kWindow;
    return {std::move(supplier.spec), std::move(key_serde), std::move(value_serde)};
}

template <class K, class V>
StoreBuilder<TimestampedWindowStore<K, V>> timestamped_window_store(WindowStoreSupplier supplier,
                                                                    SerdeOf<K> key_serde = {},
                                                                    SerdeOf<V> value_serde = {}) {
    supplier.spec.kind = millrace::detail::StoreKind::kTimestampedWindow;
    return {std::move(supplier.spec), std::move(key_serde), std::move(value_serde)};
}

template <class K, class V>
StoreBuilder<WindowStore<K, ValueTimestampHeaders<V>>> timestamped_window_store_with_headers(
    WindowStoreSupplier supplier, SerdeOf<K> key_serde = {}, SerdeOf<V> value_serde = {}) {
    supplier.spec.kind = millrace::detail::StoreKind::kTimestampedWindow;
    supplier.spec.headers = millrace::detail::StoredHeaders::kGiven;
    return {std::move(supplier.spec), std::move(key_serde), std::move(value_serde)};
}

template <class K, class V>
StoreBuilder<SessionStore<K, V>> session_store(SessionStoreSupplier supplier,
                                               SerdeOf<K> key_serde = {},
                                               SerdeOf<V> value_serde = {}) {
    supplier.spec.kind = millrace::detail::StoreKind::kSession;
    return {std::move(supplier.spec), std::move(key_serde), std::move(value_serde)};
}

}  // namespace stores
}  // namespace millrace
