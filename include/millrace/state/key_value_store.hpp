// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/detail/core/access.hpp"
#include "millrace/detail/state/store_face.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/state/bytes_store.hpp"
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

  private:
    friend detail::Access;

    static void read_place(const BytesIterator&, KeyValue&) noexcept {}
};

/// Rows of a key-value store, read one by one: `for (const auto& [key, value] : store.all())`.
///
/// Returns rows as they were when it was created; docs/semantics/state.md, "Iterators". Lifetime:
/// must be destroyed before the store is closed. Errors: StateError if the engine fails; SerdeError
/// if stored bytes are not a K or V.
template <class K, class V>
using KeyValueIterator = detail::TypedRows<K, V, BytesIterator, KeyValue<K, V>>;

/// A processor's view of one partition of a key-value store.
///
/// Lifetime: valid until the processor is closed. Threads: only the stream thread that runs the
/// processor may use it. Durability: a change is visible to this processor at once. It survives a
/// crash after the task has committed; with exactly-once, uncommitted changes are rolled back.
/// Errors: StateError if the engine fails, SerdeError if stored bytes are not a V.
template <class K, class V>
class KeyValueStore : public detail::StoreFace<K, V, KeyValueBytesStore, KeyValueIterator<K, V>> {
    using Face = detail::StoreFace<K, V, KeyValueBytesStore, KeyValueIterator<K, V>>;

  public:
    using typename Face::Iterator;
    using typename Face::ValueSerde;

    explicit KeyValueStore(KeyValueBytesStore& store, SerdeOf<K> key_serde = {},
                           ValueSerde value_serde = {})
        : Face(store, std::move(key_serde), std::move(value_serde)) {}

    /// The value of `key`, or empty.
    std::optional<V> get(const K& key) const {
        std::optional<V> value(std::in_place);
        if (!get(key, *value)) {
            value.reset();
        }
        return value;
    }

    /// Reads the value of `key` into `out`, reusing its memory. False if there is none; `out` is
    /// unchanged then.
    bool get(const K& key, V& out) const {
        return this->read(this->store().get(this->bytes_of(key)), out);
    }

    void put(const K& key, const V& value) {
        this->store().put(this->bytes_of(key), this->bytes_of_value(value));
    }

    /// Stores `value` and returns empty; or, if `key` has a value, returns that without effect.
    std::optional<V> put_if_absent(const K& key, const V& value) {
        std::optional<V> before = get(key);
        if (!before) {
            put(key, value);
        }
        return before;
    }

    /// Deletes `key`. No effect if it has no value.
    void erase(const K& key) { this->store().put(this->bytes_of(key), std::nullopt); }

    /// Rows with `first` <= key <= `last`; an empty bound leaves that end open.
    ///
    /// Keys are compared as serialised bytes, so numbers are in numeric order only if they are not
    /// negative.
    Iterator range(const std::optional<K>& first, const std::optional<K>& last,
                   RowOrder order = RowOrder::kForward) const {
        Bytes first_bytes;
        Bytes last_bytes;
        return this->typed(this->store().range(this->bound(first, first_bytes),
                                               this->bound(last, last_bytes), order));
    }

    Iterator all(RowOrder order = RowOrder::kForward) const {
        return this->typed(this->store().range(std::nullopt, std::nullopt, order));
    }

    /// Rows whose serialised key starts with the serialised `prefix`, ascending.
    template <class P>
    Iterator prefix_scan(const P& prefix, const SerdeOf<P>& prefix_serde = {}) const {
        Bytes bytes;
        prefix_serde.serialize(prefix, bytes);
        return this->typed(this->store().prefix_scan(bytes));
    }

    /// Exact for stores in memory. On disk, keys that were written several times may count several
    /// times.
    std::uint64_t approximate_num_entries() const {
        return this->store().approximate_num_entries();
    }
};

/// Values with the time of their last update.
template <class K, class V>
using TimestampedKeyValueStore = KeyValueStore<K, ValueAndTimestamp<V>>;

}  // namespace millrace
