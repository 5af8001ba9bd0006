// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/state/store_spec.hpp"
#include "millrace/detail/state/store_types.hpp"
#include "millrace/state/key_value_store.hpp"
#include "millrace/state/session_store.hpp"
#include "millrace/state/store_serdes.hpp"
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

/// Where and how a store keeps its rows; the builder defines their types. Returned by the functions
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

/// Stores whose changes a cache can buffer: not versioned ones.
template <class Store>
concept CacheableStore = !std::constructible_from<Store, VersionedBytesStore&>;

/// A state store to be added to a topology and connected to processors. `Store` is the type for
/// processors, for example KeyValueStore<std::string, std::int64_t>.
template <class Store>
class StoreBuilder {
  public:
    using KeySerde = SerdeOf<typename Store::Key>;
    using ValueSerde = typename Store::ValueSerde;

    StoreBuilder(detail::StoreSpec spec, KeySerde key_serde, ValueSerde value_serde)
        : spec_(std::move(spec)),
          key_serde_(std::move(key_serde)),
          value_serde_(std::move(value_serde)) {
        detail::require_store_serdes(spec_.name, key_serde_, value_serde_);
        spec_.types = detail::store_types(key_serde_, value_serde_);
        spec_.serdes = detail::kept_serdes(key_serde_, value_serde_);
    }

    /// Off by default. With a cache, fewer changes are written to disk and to the changelog. Stores
    /// that keep duplicates have no cache, and versioned stores cannot have one.
    StoreBuilder with_caching(bool enabled = true) const
        requires CacheableStore<Store>
    {
        StoreBuilder changed = *this;
        changed.spec_.caching = enabled && !spec_.retain_duplicates;
        return changed;
    }

    /// Logs the store to a changelog topic, which is the default; `config` has Kafka topic settings
    /// that override the defaults.
    StoreBuilder with_logging(std::map<std::string, std::string> config) const {
        StoreBuilder changed = *this;
        changed.spec_.logging = true;
        changed.spec_.changelog_config = std::move(config);
        return changed;
    }

    /// The store's content is lost when its task moves or its disk fails.
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

/// On disk.
KeyValueStoreSupplier persistent_key_value_store(std::string name);

/// In memory, ordered by key.
KeyValueStoreSupplier in_memory_key_value_store(std::string name);

/// In memory; evicts the least recently used row beyond `max_entries`.
KeyValueStoreSupplier lru_map(std::string name, std::size_t max_entries);

/// On disk, with the values that each key had in the last `history`. Expired ones are dropped by
/// the time segment in which they ended; 0: a default length for the history.
VersionedStoreSupplier persistent_versioned_store(
    std::string name, std::chrono::milliseconds history,
    std::chrono::milliseconds segment_interval = std::chrono::milliseconds(0));

/// The same in memory, which Kafka Streams does not have.
VersionedStoreSupplier in_memory_versioned_store(
    std::string name, std::chrono::milliseconds history,
    std::chrono::milliseconds segment_interval = std::chrono::milliseconds(0));

/// On disk. Rows are dropped some time after they are `retention` older than the latest window;
/// until then, `retain_duplicates` keeps all rows that were put for a key and a start, instead of
/// the last.
WindowStoreSupplier persistent_window_store(std::string name, std::chrono::milliseconds retention,
                                            std::chrono::milliseconds window_size,
                                            bool retain_duplicates = false);

/// In memory; otherwise like persistent_window_store.
WindowStoreSupplier in_memory_window_store(std::string name, std::chrono::milliseconds retention,
                                           std::chrono::milliseconds window_size,
                                           bool retain_duplicates = false);

/// On disk. Sessions are dropped some time after they ended `retention` before the latest end.
SessionStoreSupplier persistent_session_store(std::string name,
                                              std::chrono::milliseconds retention);

/// In memory; sessions are dropped when they ended `retention` before the latest end.
SessionStoreSupplier in_memory_session_store(std::string name, std::chrono::milliseconds retention);

template <class K, class V>
    requires Encodable<K> && Encodable<V>
StoreBuilder<KeyValueStore<K, V>> key_value_store(KeyValueStoreSupplier supplier,
                                                  SerdeOf<K> key_serde,
                                                  SerdeOf<V> value_serde = {}) {
    supplier.spec.kind = detail::StoreKind::kKeyValue;
    return {std::move(supplier.spec), std::move(key_serde), std::move(value_serde)};
}
template <class K, class V>
    requires Serializable<K> && Serializable<V>
StoreBuilder<KeyValueStore<K, V>> key_value_store(KeyValueStoreSupplier supplier) {
    return key_value_store<K, V>(std::move(supplier), {});
}

template <class K, class V>
    requires Encodable<K> && Encodable<V>
StoreBuilder<TimestampedKeyValueStore<K, V>> timestamped_key_value_store(
    KeyValueStoreSupplier supplier, SerdeOf<K> key_serde, SerdeOf<V> value_serde = {}) {
    supplier.spec.kind = detail::StoreKind::kTimestampedKeyValue;
    return {std::move(supplier.spec), std::move(key_serde), std::move(value_serde)};
}
template <class K, class V>
    requires Serializable<K> && Serializable<V>
StoreBuilder<TimestampedKeyValueStore<K, V>> timestamped_key_value_store(
    KeyValueStoreSupplier supplier) {
    return timestamped_key_value_store<K, V>(std::move(supplier), {});
}

/// Values with the time and the headers of their last update (KIP-1271).
template <class K, class V>
    requires Encodable<K> && Encodable<V>
StoreBuilder<KeyValueStore<K, ValueTimestampHeaders<V>>> timestamped_key_value_store_with_headers(
    KeyValueStoreSupplier supplier, SerdeOf<K> key_serde, SerdeOf<V> value_serde = {}) {
    supplier.spec.kind = detail::StoreKind::kTimestampedKeyValue;
    supplier.spec.headers = detail::StoredHeaders::kGiven;
    return {std::move(supplier.spec), std::move(key_serde), std::move(value_serde)};
}
template <class K, class V>
    requires Serializable<K> && Serializable<V>
StoreBuilder<KeyValueStore<K, ValueTimestampHeaders<V>>> timestamped_key_value_store_with_headers(
    KeyValueStoreSupplier supplier) {
    return timestamped_key_value_store_with_headers<K, V>(std::move(supplier), {});
}

template <class K, class V>
    requires Encodable<K> && Encodable<V>
StoreBuilder<VersionedKeyValueStore<K, V>> versioned_key_value_store(
    VersionedStoreSupplier supplier, SerdeOf<K> key_serde, SerdeOf<V> value_serde = {}) {
    supplier.spec.kind = detail::StoreKind::kVersionedKeyValue;
    return {std::move(supplier.spec), std::move(key_serde), std::move(value_serde)};
}
template <class K, class V>
    requires Serializable<K> && Serializable<V>
StoreBuilder<VersionedKeyValueStore<K, V>> versioned_key_value_store(
    VersionedStoreSupplier supplier) {
    return versioned_key_value_store<K, V>(std::move(supplier), {});
}

template <class K, class V>
    requires Encodable<K> && Encodable<V>
StoreBuilder<WindowStore<K, V>> window_store(WindowStoreSupplier supplier, SerdeOf<K> key_serde,
                                             SerdeOf<V> value_serde = {}) {
    supplier.spec.kind = detail::StoreKind::kWindow;
    return {std::move(supplier.spec), std::move(key_serde), std::move(value_serde)};
}
template <class K, class V>
    requires Serializable<K> && Serializable<V>
StoreBuilder<WindowStore<K, V>> window_store(WindowStoreSupplier supplier) {
    return window_store<K, V>(std::move(supplier), {});
}

template <class K, class V>
    requires Encodable<K> && Encodable<V>
StoreBuilder<TimestampedWindowStore<K, V>> timestamped_window_store(WindowStoreSupplier supplier,
                                                                    SerdeOf<K> key_serde,
                                                                    SerdeOf<V> value_serde = {}) {
    supplier.spec.kind = detail::StoreKind::kTimestampedWindow;
    return {std::move(supplier.spec), std::move(key_serde), std::move(value_serde)};
}
template <class K, class V>
    requires Serializable<K> && Serializable<V>
StoreBuilder<TimestampedWindowStore<K, V>> timestamped_window_store(WindowStoreSupplier supplier) {
    return timestamped_window_store<K, V>(std::move(supplier), {});
}

template <class K, class V>
    requires Encodable<K> && Encodable<V>
StoreBuilder<WindowStore<K, ValueTimestampHeaders<V>>> timestamped_window_store_with_headers(
    WindowStoreSupplier supplier, SerdeOf<K> key_serde, SerdeOf<V> value_serde = {}) {
    supplier.spec.kind = detail::StoreKind::kTimestampedWindow;
    supplier.spec.headers = detail::StoredHeaders::kGiven;
    return {std::move(supplier.spec), std::move(key_serde), std::move(value_serde)};
}
template <class K, class V>
    requires Serializable<K> && Serializable<V>
StoreBuilder<WindowStore<K, ValueTimestampHeaders<V>>> timestamped_window_store_with_headers(
    WindowStoreSupplier supplier) {
    return timestamped_window_store_with_headers<K, V>(std::move(supplier), {});
}

template <class K, class V>
    requires Encodable<K> && Encodable<V>
StoreBuilder<SessionStore<K, V>> session_store(SessionStoreSupplier supplier, SerdeOf<K> key_serde,
                                               SerdeOf<V> value_serde = {}) {
    supplier.spec.kind = detail::StoreKind::kSession;
    return {std::move(supplier.spec), std::move(key_serde), std::move(value_serde)};
}
template <class K, class V>
    requires Serializable<K> && Serializable<V>
StoreBuilder<SessionStore<K, V>> session_store(SessionStoreSupplier supplier) {
    return session_store<K, V>(std::move(supplier), {});
}

}  // namespace stores
}  // namespace millrace
