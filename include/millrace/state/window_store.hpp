// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/time.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/state/bytes_store.hpp"
#include "millrace/state/row_range.hpp"
#include "millrace/state/value_and_timestamp.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace millrace {

/// One row of a window store: a key, the start of a window, and what is stored for both.
template <class K, class V>
struct WindowRow {
    K key{};
    Timestamp start{};
    V value{};

    bool operator==(const WindowRow&) const = default;
};

/// Rows of a window store, read one by one.
///
/// Lifetime and errors: as KeyValueIterator.
template <class K, class V>
class WindowIterator : public detail::RowRange<WindowIterator<K, V>, WindowRow<K, V>> {
  public:
    WindowIterator(std::unique_ptr<WindowBytesIterator> rows, SerdeOf<K> key_serde,
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
    const WindowRow<K, V>& row() const noexcept { return row_; }

  private:
    void read() {
        if (rows_->valid()) {
            key_serde_.deserialize(rows_->key(), row_.key);
            row_.start = rows_->window_start();
            detail::StoredValue<V>::read(value_serde_, rows_->value(), row_.value);
        }
    }

    std::unique_ptr<WindowBytesIterator> rows_;
    SerdeOf<K> key_serde_;
    typename detail::StoredValue<V>::Serde value_serde_;
    WindowRow<K, V> row_;
};

/// A processor's view of one partition of a window store: values by key and start of a window. Rows
/// that are older than the store's retention, measured from the latest start put, are gone.
///
/// Lifetime, threads, durability and errors: as KeyValueStore.
template <class K, class V>
class WindowStore {
  public:
    using Key = K;
    using Value = V;
    using ValueSerde = typename detail::StoredValue<V>::Serde;
    using Iterator = WindowIterator<K, V>;

    explicit WindowStore(WindowBytesStore& store, SerdeOf<K> key_serde = {},
                         ValueSerde value_serde = {})
        : store_(&store), key_serde_(std::move(key_serde)), value_serde_(std::move(value_serde)) {}

    const std::string& name() const { return store_->name(); }

    /// Nothing when there is no row, or it has expired.
    std::optional<V> fetch(const K& key, Timestamp window_start) const {
        std::optional<V> value(std::in_place);
        if (!fetch(key, window_start, *value)) {
            value.reset();
        }
        return value;
    }

    /// Reads into `out`, reusing its memory. False when there is no row; `out` is as before then.
    bool fetch(const K& key, Timestamp window_start, V& out) const {
        const NullableBytes bytes = store_->fetch(bytes_of(key), window_start);
        if (!bytes) {
            return false;
        }
        detail::StoredValue<V>::read(value_serde_, *bytes, out);
        return true;
    }

    /// False when the window has expired, so that the row was not stored. A store that keeps
    /// duplicates adds a row, others replace that of the same key and start.
    bool put(const K& key, Timestamp window_start, const V& value) {
        value_bytes_.clear();
        detail::StoredValue<V>::write(value_serde_, value, value_bytes_);
        return store_->put(bytes_of(key), window_start, BytesView(value_bytes_));
    }

    /// Removes a row; does nothing when there is none, or the store keeps duplicates.
    void erase(const K& key, Timestamp window_start) {
        store_->put(bytes_of(key), window_start, std::nullopt);
    }

    /// Rows of one key with `from` <= start <= `to`, by start.
    Iterator fetch(const K& key, Timestamp from, Timestamp to,
                   Order order = Order::kForward) const {
        return iterator(store_->fetch(bytes_of(key), from, to, order));
    }

    /// Rows with `first` <= key <= `last` (nothing: open) and `from` <= start <= `to`. By segment
    /// of time, then by key, then by start.
    Iterator fetch_range(const std::optional<K>& first, const std::optional<K>& last,
                         Timestamp from, Timestamp to, Order order = Order::kForward) const {
        Bytes first_bytes;
        Bytes last_bytes;
        return iterator(store_->fetch_range(bound(first, first_bytes), bound(last, last_bytes),
                                            from, to, order));
    }

    /// Rows of all keys with `from` <= start <= `to`, ordered as in fetch_range.
    Iterator fetch_all(Timestamp from, Timestamp to, Order order = Order::kForward) const {
        return iterator(store_->fetch_range(std::nullopt, std::nullopt, from, to, order));
    }

    Iterator all(Order order = Order::kForward) const {
        return fetch_all(timestamp_of(0), Timestamp::max(), order);
    }

    /// Below the serdes.
    WindowBytesStore& bytes() const noexcept { return *store_; }

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

    Iterator iterator(std::unique_ptr<WindowBytesIterator> rows) const {
        return Iterator(std::move(rows), key_serde_, value_serde_);
    }

    WindowBytesStore* store_;
    SerdeOf<K> key_serde_;
    ValueSerde value_serde_;
    mutable Bytes key_bytes_;  // Memory used again from call to call.
    Bytes value_bytes_;
};

/// Values with the time of their last update.
template <class K, class V>
using TimestampedWindowStore = WindowStore<K, ValueAndTimestamp<V>>;

}  // namespace millrace
