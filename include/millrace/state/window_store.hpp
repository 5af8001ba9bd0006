// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/time.hpp"
#include "millrace/detail/core/access.hpp"
#include "millrace/detail/state/store_face.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/state/bytes_store.hpp"
#include "millrace/state/value_and_timestamp.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace millrace {

/// One row of a window store: a key, the start of a window, and their value.
template <class K, class V>
struct WindowRow {
    K key{};
    Timestamp start{};
    V value{};

    bool operator==(const WindowRow&) const = default;

  private:
    friend detail::Access;

    static void read_place(const WindowBytesIterator& rows, WindowRow& row) {
        row.start = rows.window_start();
    }
};

/// Rows of a window store, read one by one.
///
/// Lifetime and errors: see KeyValueIterator.
template <class K, class V>
using WindowIterator = detail::TypedRows<K, V, WindowBytesIterator, WindowRow<K, V>>;

/// A processor's view of one partition of a window store: values by key and window start. Rows more
/// than the store's retention before the latest start that was put have expired.
///
/// Lifetime, threads, durability and errors: see KeyValueStore.
template <class K, class V>
class WindowStore : public detail::StoreFace<K, V, WindowBytesStore, WindowIterator<K, V>> {
    using Face = detail::StoreFace<K, V, WindowBytesStore, WindowIterator<K, V>>;

  public:
    using typename Face::Iterator;
    using typename Face::ValueSerde;

    explicit WindowStore(WindowBytesStore& store, SerdeOf<K> key_serde = {},
                         ValueSerde value_serde = {})
        : Face(store, std::move(key_serde), std::move(value_serde)) {}

    /// Empty if there is no row, or it has expired.
    std::optional<V> fetch(const K& key, Timestamp window_start) const {
        std::optional<V> value(std::in_place);
        if (!fetch(key, window_start, *value)) {
            value.reset();
        }
        return value;
    }

    /// Reads into `out`, reusing its memory. False if there is no row; `out` is unchanged then.
    bool fetch(const K& key, Timestamp window_start, V& out) const {
        return this->read(this->store().fetch(this->bytes_of(key), window_start), out);
    }

    /// False if the window has expired and the row was not stored. A store that keeps duplicates
    /// adds a row, others replace the row with the same key and start.
    bool put(const K& key, Timestamp window_start, const V& value) {
        return this->store().put(this->bytes_of(key), window_start, this->bytes_of_value(value));
    }

    /// Deletes a row; no effect if there is none, or if the store keeps duplicates.
    void erase(const K& key, Timestamp window_start) {
        this->store().put(this->bytes_of(key), window_start, std::nullopt);
    }

    /// Rows of one key with `from` <= start <= `to`, by start.
    Iterator fetch(const K& key, Timestamp from, Timestamp to,
                   RowOrder order = RowOrder::kForward) const {
        return this->typed(this->store().fetch(this->bytes_of(key), from, to, order));
    }

    /// Rows with `first` <= key <= `last` (empty: open) and `from` <= start <= `to`. By time
    /// segment, then by key, then by start.
    Iterator fetch_range(const std::optional<K>& first, const std::optional<K>& last,
                         Timestamp from, Timestamp to, RowOrder order = RowOrder::kForward) const {
        Bytes first_bytes;
        Bytes last_bytes;
        return this->typed(this->store().fetch_range(
            this->bound(first, first_bytes), this->bound(last, last_bytes), from, to, order));
    }

    /// Rows of all keys with `from` <= start <= `to`, ordered as in fetch_range.
    Iterator fetch_all(Timestamp from, Timestamp to, RowOrder order = RowOrder::kForward) const {
        return this->typed(this->store().fetch_range(std::nullopt, std::nullopt, from, to, order));
    }

    Iterator all(RowOrder order = RowOrder::kForward) const {
        return fetch_all(timestamp_of(0), Timestamp::max(), order);
    }
};

/// Values with the time of their last update.
template <class K, class V>
using TimestampedWindowStore = WindowStore<K, ValueAndTimestamp<V>>;

}  // namespace millrace
