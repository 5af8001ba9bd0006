// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/time.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/state/bytes_store.hpp"

#include <optional>
#include <string>
#include <utility>

namespace millrace {

/// One version of a value: when it was put, and when the next one was.
template <class V>
struct VersionedRecord {
    V value{};
    Timestamp timestamp = kNoTimestamp;
    std::optional<Timestamp> valid_to{};  ///< Empty: it is the latest.

    bool operator==(const VersionedRecord&) const = default;
};

/// A processor's view of one partition of a store that keeps older values of each key: values by
/// key and time. The history has a fixed length, counted from the latest timestamp that was put; a
/// key's latest value is kept indefinitely. Has the semantics of Kafka Streams'
/// VersionedKeyValueStore (KIP-889).
///
/// Lifetime, threads, durability and errors: see KeyValueStore.
template <class K, class V>
class VersionedKeyValueStore {
  public:
    using Key = K;
    using Value = V;
    using ValueSerde = SerdeOf<V>;

    explicit VersionedKeyValueStore(VersionedBytesStore& store, SerdeOf<K> key_serde = {},
                                    SerdeOf<V> value_serde = {})
        : store_(&store), key_serde_(std::move(key_serde)), value_serde_(std::move(value_serde)) {}

    const std::string& name() const { return store_->name(); }

    /// Versions may be put in any order; one with the same time is replaced. Returns whether it was
    /// stored (not if it is older than the history) and until when it is valid.
    VersionPut put(const K& key, const V& value, Timestamp timestamp) {
        value_bytes_.clear();
        value_serde_.serialize(value, value_bytes_);
        return store_->put(bytes_of(key), BytesView(value_bytes_), timestamp);
    }

    /// Deletes the value from `timestamp` on, until the next version.
    VersionPut put(const K& key, std::nullopt_t, Timestamp timestamp) {
        return store_->put(bytes_of(key), std::nullopt, timestamp);
    }

    /// The same; returns the version valid at that time. Also returns empty if `timestamp` is older
    /// than the history: nothing is deleted then.
    std::optional<VersionedRecord<V>> erase(const K& key, Timestamp timestamp) {
        std::optional<VersionedRecord<V>> old = get(key, timestamp);
        if (!put(key, std::nullopt, timestamp).stored) {
            old.reset();
        }
        return old;
    }

    /// The latest version; empty: there is none, or it was deleted.
    std::optional<VersionedRecord<V>> get(const K& key) const {
        return record_of(store_->get(bytes_of(key)));
    }

    /// The version valid at `as_of`. Before the history: the latest, if it is that old, otherwise
    /// empty.
    std::optional<VersionedRecord<V>> get(const K& key, Timestamp as_of) const {
        return record_of(store_->get(bytes_of(key), as_of));
    }

    /// Below the serdes.
    VersionedBytesStore& bytes() const noexcept { return *store_; }

  private:
    BytesView bytes_of(const K& key) const {
        key_bytes_.clear();
        key_serde_.serialize(key, key_bytes_);
        return key_bytes_;
    }

    std::optional<VersionedRecord<V>> record_of(const std::optional<VersionedBytes>& found) const {
        if (!found) {
            return std::nullopt;
        }
        std::optional<VersionedRecord<V>> record(std::in_place);
        value_serde_.deserialize(found->value, record->value);
        record->timestamp = found->timestamp;
        record->valid_to = found->valid_to;
        return record;
    }

    VersionedBytesStore* store_;
    SerdeOf<K> key_serde_;
    SerdeOf<V> value_serde_;
    mutable Bytes key_bytes_;  // Memory that calls reuse.
    Bytes value_bytes_;
};

}  // namespace millrace
