// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/time.hpp"
#include "millrace/detail/core/access.hpp"
#include "millrace/detail/state/store_face.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/state/bytes_store.hpp"
#include "millrace/windows/window.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace millrace {

/// One row of a session store: a key, a session, and their value.
template <class K, class V>
struct SessionRow {
    K key{};
    SessionWindow session{};
    V value{};

    bool operator==(const SessionRow&) const = default;

  private:
    friend detail::Access;

    static void read_place(const SessionBytesIterator& rows, SessionRow& row) {
        row.session = rows.session();
    }
};

/// Rows of a session store, read one by one.
///
/// Lifetime and errors: see KeyValueIterator.
template <class K, class V>
using SessionIterator = detail::TypedRows<K, V, SessionBytesIterator, SessionRow<K, V>>;

/// A processor's view of one partition of a session store: values by key and session. Sessions that
/// ended more than the store's retention before the latest end that was put have expired. Has the
/// semantics of Kafka Streams' SessionStore.
///
/// Lifetime, threads, durability and errors: see KeyValueStore.
template <class K, class V>
class SessionStore : public detail::StoreFace<K, V, SessionBytesStore, SessionIterator<K, V>> {
    using Face = detail::StoreFace<K, V, SessionBytesStore, SessionIterator<K, V>>;

  public:
    using typename Face::Iterator;

    explicit SessionStore(SessionBytesStore& store, SerdeOf<K> key_serde = {},
                          SerdeOf<V> value_serde = {})
        : Face(store, std::move(key_serde), std::move(value_serde)) {}

    /// False if the session has expired and was not stored. The store does not merge sessions:
    /// overlapping sessions are separate rows.
    bool put(const K& key, SessionWindow session, const V& value) {
        return this->store().put(this->bytes_of(key), session, this->bytes_of_value(value));
    }

    /// Deletes a session; no effect if there is none.
    void erase(const K& key, SessionWindow session) {
        this->store().remove(this->bytes_of(key), session);
    }

    /// Empty if there is no such session, or it has expired.
    std::optional<V> fetch_session(const K& key, SessionWindow session) const {
        std::optional<V> value(std::in_place);
        if (!this->read(this->store().fetch_session(this->bytes_of(key), session), *value)) {
            value.reset();
        }
        return value;
    }

    /// All sessions of a key, by end.
    Iterator fetch(const K& key, RowOrder order = RowOrder::kForward) const {
        return find_sessions(key, timestamp_of(0), Timestamp::max(), order);
    }

    /// All sessions of `first` <= key <= `last` (empty: open). On disk by time segment, key and
    /// end; in memory by end and key.
    Iterator fetch_range(const std::optional<K>& first, const std::optional<K>& last,
                         RowOrder order = RowOrder::kForward) const {
        return find_sessions_in_range(first, last, timestamp_of(0), Timestamp::max(), order);
    }

    /// Sessions of a key that end at `earliest_end` or later and start at `latest_start` or
    /// earlier, by end: those that overlap the span from `earliest_end` to `latest_start`.
    Iterator find_sessions(const K& key, Timestamp earliest_end, Timestamp latest_start,
                           RowOrder order = RowOrder::kForward) const {
        const BytesView bytes = this->bytes_of(key);
        return this->typed(
            this->store().find_sessions(bytes, bytes, earliest_end, latest_start, order));
    }

    /// The same for `first` <= key <= `last` (empty: open), ordered as in fetch_range.
    Iterator find_sessions_in_range(const std::optional<K>& first, const std::optional<K>& last,
                                    Timestamp earliest_end, Timestamp latest_start,
                                    RowOrder order = RowOrder::kForward) const {
        Bytes first_bytes;
        Bytes last_bytes;
        return this->typed(this->store().find_sessions(this->bound(first, first_bytes),
                                                       this->bound(last, last_bytes), earliest_end,
                                                       latest_start, order));
    }
};

}  // namespace millrace
