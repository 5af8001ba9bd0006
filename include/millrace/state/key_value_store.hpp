// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/state/bytes_store.hpp"
#include "millrace/state/row_range.hpp"
#include "millrace/state/value_and_timestamp.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace millrace {

/// One row of a key-value store.
template <class K, class V>
struct KeyValue {
    K key{};
    V value{};

    bool operator==(const KeyValue&) const = default;
};

/// Rows of a key-value store, read one by one: `for (const auto& [key, value] : store.all())`.
///
/// Lifetime: must die before the store is closed. Changes made to the store meanwhile may or may
/// not be seen. Errors: StateError when the engine fails; SerdeError when stored bytes are not a K
/// or V.
template <class K, class V>
class KeyValueIterator : public detail::RowRange<KeyValueIterator<K, V>, KeyValue<K, V>> {
  public:
    KeyValueIterator(std::unique_ptr<BytesIterator> rows, SerdeOf<K> key_serde,
                     typename detail::StoredValue<V>::Serde value_serde)
        : rows_(std::move(rows)),
          key_serde_(std::move(key_serde)),
          value_serde_(std::move(value_serde)) {
        read();
    }

    bool valid() const { return rows_->valid(); }

    /// Requires valid().
    void next() {
        rows_->next();
        read();
    }

    /// Requires valid(). Lives until next() is called.
    const KeyValue<K, V>& row() const noexcept { return row_; }

  private:
    void read() {
        if (rows_->valid()) {
            key_serde_.deserialize(rows_->key(), row_.key);
            detail::StoredValue<V>::read(value_serde_, rows_->value(), row_.value);
        }
    }

    std::unique_ptr<BytesIterator> rows_;
    SerdeOf<K> key_serde_;
    typename detail::StoredValue<V>::Serde value_serde_;
    KeyValue<K, V> row_;
};

/// A processor's view of one partition of a key-value store.
///
/// Lifetime: good until the processor is closed.
/// Threads: only the stream thread that runs the processor may use it.
/// Durability: a change is visible to this processor at once. It survives a crash once the task has
/// committed; with exactly-once, changes since the last commit are undone instead.
/// Errors: StateError when the engine fails, SerdeError when stored bytes are not a V.
template <class K, class V>
class KeyValueStore {
  public:
    using Key = K;
    using Value = V;
    using ValueSerde = typename detail::StoredValue<V>::Serde;
    using Iterator = KeyValueIterator<K, V>;

    explicit KeyValueStore(KeyValueBytesStore& store, SerdeOf<K> key_serde = {},
                           ValueSerde value_serde = {})
        : store_(&store), key_serde_(std::move(key_serde)), value_serde_(std::move(value_serde)) {}

    const std::string& name() const { return store_->name(); }

    /// The value of `key`, or nothing if it has none.
    std::optional<V> get(const K& key) const {
        std::optional<V> value(std::in_place);
        if (!get(key, *value)) {
            value.reset();
        }
        return value;
    }

    /// Reads the value of `key` into `out`, reusing its memory. False when it has none; `out` is as
    /// before then.
    bool get(const K& key, V& out) const {
        const NullableBytes bytes = store_->get(bytes_of(key));
        if (!bytes) {
            return false;
        }
        detail::StoredValue<V>::read(value_serde_, *bytes, out);
        return true;
    }

    void put(const K& key, const V& value) {
        value_bytes_.clear();
        detail::StoredValue<V>::write(value_serde_, value, value_bytes_);
        store_->put(bytes_of(key), BytesView(value_bytes_));
    }

    /// Stores `value` and returns nothing, or, when `key` has a value, does nothing and returns it.
    std::optional<V> put_if_absent(const K& key, const V& value) {
        std::optional<V> before = get(key);
        if (!before) {
            put(key, value);
        }
        return before;
    }

    /// Removes `key`. Does nothing if it has no value.
    void erase(const K& key) { store_->put(bytes_of(key), std::nullopt); }

    /// Rows with `first` <= key <= `last`; nothing instead of a bound leaves that end open.
    ///
    /// Keys compare as their serialised bytes, so numbers come in numeric order only if they are
    /// not negative.
    Iterator range(const std::optional<K>& first, const std::optional<K>& last,
                   Order order = Order::kForward) const {
        Bytes first_bytes;
        Bytes last_bytes;
        return iterator(store_->range(bound(first, first_bytes), bound(last, last_bytes), order));
    }

    Iterator all(Order order = Order::kForward) const {
        return iterator(store_->range(std::nullopt, std::nullopt, order));
    }

    /// Rows whose serialised key begins with the serialised `prefix`, ascending.
    template <class P>
    Iterator prefix_scan(const P& prefix, const SerdeOf<P>& prefix_serde = {}) const {
        Bytes bytes;
        prefix_serde.serialize(prefix, bytes);
        return iterator(store_->prefix_scan(bytes));
    }

    /// Exact for stores in memory. On disk, keys written several times may count several times.
    std::uint64_t approximate_entries() const { return store_->approximate_entries(); }

    /// Below the serdes.
    KeyValueBytesStore& bytes() const noexcept { return *store_; }

  private:
    BytesView bytes_of(const K& key) const {
        key_bytes_.clear();
        key_serde_.serialize(key, key_bytes_);
        return key_bytes_;
    }

    NullableBytes bound(const std::optional<K>& key, Bytes& bytes) const {
        if (!key) {
            return std::nullopt;
        }
        key_serde_.serialize(*key, bytes);
        return BytesView(bytes);
    }

    Iterator iterator(std::unique_ptr<BytesIterator> rows) const {
        return Iterator(std::move(rows), key_serde_, value_serde_);
    }

    KeyValueBytesStore* store_;
    SerdeOf<K> key_serde_;
    ValueSerde value_serde_;
    mutable Bytes key_bytes_;  // Memory used again from call to call.
    Bytes value_bytes_;
};

/// Values with the time of their last update.
template <class K, class V>
using TimestampedKeyValueStore = KeyValueStore<K, ValueAndTimestamp<V>>;

}  // namespace millrace
