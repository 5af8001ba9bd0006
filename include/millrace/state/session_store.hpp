// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/time.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/state/bytes_store.hpp"
#include "millrace/state/row_range.hpp"
#include "millrace/windows/window.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace millrace {

/// One row of a session store: a key, a session, and what is stored for both.
template <class K, class V>
struct SessionRow {
    K key{};
    SessionWindow session{};
    V value{};

    bool operator==(const SessionRow&) const = default;
};

/// Rows of a session store, read one by one.
///
/// Lifetime and errors: as KeyValueIterator.
template <class K, class V>
class SessionIterator : public detail::RowRange<SessionIterator<K, V>, SessionRow<K, V>> {
  public:
    SessionIterator(std::unique_ptr<SessionBytesIterator> rows, SerdeOf<K> key_serde,
                    SerdeOf<V> value_serde)
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
    const SessionRow<K, V>& row() const noexcept { return row_; }

  private:
    void read() {
        if (rows_->valid()) {
            key_serde_.deserialize(rows_->key(), row_.key);
            row_.session = rows_->session();
            value_serde_.deserialize(rows_->value(), row_.value);
        }
    }

    std::unique_ptr<SessionBytesIterator> rows_;
    SerdeOf<K> key_serde_;
    SerdeOf<V> value_serde_;
    SessionRow<K, V> row_;
};

/// A processor's view of one partition of a session store: values by key and session. Sessions that
/// ended longer ago than the store's retention, measured from the latest end put, are gone. Has the
/// semantics of Kafka Streams' SessionStore.
///
/// Lifetime, threads, durability and errors: as KeyValueStore.
template <class K, class V>
class SessionStore {
  public:
    using Key = K;
    using Value = V;
    using ValueSerde = SerdeOf<V>;
    using Iterator = SessionIterator<K, V>;

    explicit SessionStore(SessionBytesStore& store, SerdeOf<K> key_serde = {},
                          SerdeOf<V> value_serde = {})
        : store_(&store), key_serde_(std::move(key_serde)), value_serde_(std::move(value_serde)) {}

    const std::string& name() const { return store_->name(); }

    /// False when the session has expired, so that it was not stored. The store does not merge
    /// sessions: those that overlap are rows of their own.
    bool put(const K& key, SessionWindow session, const V& value) {
        value_bytes_.clear();
        value_serde_.serialize(value, value_bytes_);
        return store_->put(bytes_of(key), session, BytesView(value_bytes_));
    }

    /// Removes a session; does nothing when there is none.
    void erase(const K& key, SessionWindow session) { store_->remove(bytes_of(key), session); }

    /// Nothing when there is no such session, or it has expired.
    std::optional<V> fetch_session(const K& key, SessionWindow session) const {
        const NullableBytes bytes = store_->fetch_session(bytes_of(key), session);
        if (!bytes) {
            return std::nullopt;
        }
        std::optional<V> value(std::in_place);
        value_serde_.deserialize(*bytes, *value);
        return value;
    }

    /// All sessions of a key, by end.
    Iterator fetch(const K& key, Order order = Order::kForward) const {
        return find_sessions(key, timestamp_of(0), Timestamp::max(), order);
    }

    /// All sessions of `first` <= key <= `last` (nothing: open). On disk by segment of time, key
    /// and end; in memory by end and key.
    Iterator fetch_range(const std::optional<K>& first, const std::optional<K>& last,
                         Order order = Order::kForward) const {
        return find_sessions_in_range(first, last, timestamp_of(0), Timestamp::max(), order);
    }

    /// Sessions of a key that end at `earliest_end` or later and start at `latest_start` or
    /// earlier, by end: those that a span from `earliest_end` to `latest_start` touches.
    Iterator find_sessions(const K& key, Timestamp earliest_end, Timestamp latest_start,
                           Order order = Order::kForward) const {
        const BytesView bytes = bytes_of(key);
        return iterator(store_->find_sessions(bytes, bytes, earliest_end, latest_start, order));
    }

    /// The same for `first` <= key <= `last` (nothing: open), ordered as in fetch_range.
    Iterator find_sessions_in_range(const std::optional<K>& first, const std::optional<K>& last,
                                    Timestamp earliest_end, Timestamp latest_start,
                                    Order order = Order::kForward) const {
        Bytes first_bytes;
        Bytes last_bytes;
        return iterator(store_->find_sessions(bound(first, first_bytes), bound(last, last_bytes),
                                              earliest_end, latest_start, order));
    }

    /// Below the serdes.
    SessionBytesStore& bytes() const noexcept { return *store_; }

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

    Iterator iterator(std::unique_ptr<SessionBytesIterator> rows) const {
        return Iterator(std::move(rows), key_serde_, value_serde_);
    }

    SessionBytesStore* store_;
    SerdeOf<K> key_serde_;
    SerdeOf<V> value_serde_;
    mutable Bytes key_bytes_;  // Memory used again from call to call.
    Bytes value_bytes_;
};

}  // namespace millrace
