// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/error.hpp"
#include "millrace/core/time.hpp"
#include "millrace/serde/primitives.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/state/bytes_store.hpp"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace millrace {

/// A value and the time it belongs to.
template <class V>
struct ValueAndTimestamp {
    V value{};
    Timestamp timestamp = kNoTimestamp;

    bool operator==(const ValueAndTimestamp&) const = default;
};

namespace detail {

/// How values are kept in a plain key-value store.
template <class V>
struct PlainValues {
    using Value = V;
    static void write(const SerdeOf<V>& serde, const Value& value, Bytes& out) {
        serde.serialize(value, out);
    }
    static void read(const SerdeOf<V>& serde, BytesView bytes, Value& out) {
        serde.deserialize(bytes, out);
    }
};

/// How values are kept with their time: eight bytes in front, as Kafka Streams' timestamped stores do.
template <class V>
struct TimestampedValues {
    using Value = ValueAndTimestamp<V>;
    static constexpr std::size_t kTimestampSize = sizeof(std::int64_t);

    static void write(const SerdeOf<V>& serde, const Value& value, Bytes& out) {
        append_big_endian(milliseconds_of(value.timestamp), out);
        serde.serialize(value.value, out);
    }
    static void read(const SerdeOf<V>& serde, BytesView bytes, Value& out) {
        if (bytes.size() < kTimestampSize) {
            throw SerdeError("too short for a value with timestamp: " +
                             std::to_string(bytes.size()) + " bytes");
        }
        out.timestamp = timestamp_of(read_big_endian<std::int64_t>(bytes.data()));
        serde.deserialize(bytes.substr(kTimestampSize), out.value);
    }
};

}  // namespace detail

/// Entries of a key-value store, for a range-based for loop: pairs of key and value. Goes over them
/// once. Must die before the store is closed; changes made meanwhile may or may not be seen.
template <class K, class V, class Values = detail::PlainValues<V>>
class KeyValueRange {
  public:
    using Entry = std::pair<K, typename Values::Value>;

    KeyValueRange(std::unique_ptr<BytesIterator> entries, SerdeOf<K> key_serde, SerdeOf<V> value_serde)
        : entries_(std::move(entries)),
          key_serde_(std::move(key_serde)),
          value_serde_(std::move(value_serde)) {}

    class Iterator {
      public:
        using difference_type = std::ptrdiff_t;
        using value_type = Entry;

        explicit Iterator(KeyValueRange& range) : range_(&range) { range_->read(); }
        const Entry& operator*() const { return range_->entry_; }
        const Entry* operator->() const { return &range_->entry_; }
        Iterator& operator++() {
            range_->entries_->next();
            range_->read();
            return *this;
        }
        void operator++(int) { ++*this; }
        bool operator==(std::default_sentinel_t) const { return !range_->entries_->valid(); }

      private:
        KeyValueRange* range_;
    };

    Iterator begin() { return Iterator(*this); }
    std::default_sentinel_t end() const { return {}; }

  private:
    void read() {
        if (entries_->valid()) {
            key_serde_.deserialize(entries_->key(), entry_.first);
            Values::read(value_serde_, entries_->value(), entry_.second);
        }
    }

    std::unique_ptr<BytesIterator> entries_;
    SerdeOf<K> key_serde_;
    SerdeOf<V> value_serde_;
    Entry entry_{};
};

/// A processor's window on one partition of a key-value store; the two aliases below name its forms.
///
/// Lifetime: get it from ProcessorContext::store; it is good until Processor::close returns.
/// Threads: only the stream thread that runs the processor may use it.
/// Durability: a change is visible to this processor at once. It survives a crash once the task has
/// committed; with exactly-once, changes since the last commit are undone instead.
/// Errors: every member throws StateError when the storage engine fails, and SerdeError when stored
/// bytes are not of the type.
template <class K, class V, class Values>
requires Serializable<K> && Serializable<V>
class BasicKeyValueStore {
  public:
    using BytesStore = KeyValueBytesStore;
    using Value = typename Values::Value;
    using Range = KeyValueRange<K, V, Values>;

    BasicKeyValueStore() = default;
    explicit BasicKeyValueStore(KeyValueBytesStore& bytes, SerdeOf<K> key_serde = {},
                                SerdeOf<V> value_serde = {})
        : bytes_(&bytes),
          key_serde_(std::move(key_serde)),
          value_serde_(std::move(value_serde)) {}

    /// The value of `key`, or nothing if it has none.
    std::optional<Value> get(const K& key) const {
        const NullableBytes found = bytes_->get(key_bytes(key, key_buffer_));
        if (!found) {
            return std::nullopt;
        }
        std::optional<Value> value(std::in_place);
        Values::read(value_serde_, *found, *value);
        return value;
    }

    void put(const K& key, const Value& value) {
        value_buffer_.clear();
        Values::write(value_serde_, value, value_buffer_);
        bytes_->put(key_bytes(key, key_buffer_), BytesView(value_buffer_));
    }

    /// Puts `value` unless the key has one already, which is returned then.
    std::optional<Value> put_if_absent(const K& key, const Value& value) {
        std::optional<Value> existing = get(key);
        if (!existing) {
            put(key, value);
        }
        return existing;
    }

    /// Removes `key`. Does nothing if it has no value.
    void erase(const K& key) { bytes_->put(key_bytes(key, key_buffer_), std::nullopt); }

    /// The entries with `first` <= key <= `last`; an absent bound is open. Keys compare as their
    /// serialised bytes, so numbers come in numeric order only if they are not negative.
    Range range(const std::optional<K>& first, const std::optional<K>& last,
                Order order = Order::kForward) const {
        Bytes last_buffer;
        const NullableBytes from =
            first ? NullableBytes(key_bytes(*first, key_buffer_)) : std::nullopt;
        const NullableBytes to = last ? NullableBytes(key_bytes(*last, last_buffer)) : std::nullopt;
        return Range(bytes_->range(from, to, order), key_serde_, value_serde_);
    }

    Range all(Order order = Order::kForward) const {
        return Range(bytes_->range(std::nullopt, std::nullopt, order), key_serde_, value_serde_);
    }

    /// The entries whose serialised key begins with `prefix`.
    Range prefix_scan(BytesView prefix) const {
        return Range(bytes_->prefix_scan(prefix), key_serde_, value_serde_);
    }

    std::uint64_t approximate_entries() const { return bytes_->approximate_entries(); }

    const std::string& name() const { return bytes_->name(); }

  private:
    BytesView key_bytes(const K& key, Bytes& buffer) const {
        buffer.clear();
        key_serde_.serialize(key, buffer);
        return buffer;
    }

    KeyValueBytesStore* bytes_ = nullptr;
    SerdeOf<K> key_serde_;
    SerdeOf<V> value_serde_;
    mutable Bytes key_buffer_;
    Bytes value_buffer_;
};

/// Has the semantics of Kafka Streams' KeyValueStore.
template <class K, class V>
using KeyValueStore = BasicKeyValueStore<K, V, detail::PlainValues<V>>;

/// The stores of tables and aggregates; values are ValueAndTimestamp<V>. Has the semantics of Kafka
/// Streams' TimestampedKeyValueStore.
template <class K, class V>
using TimestampedKeyValueStore = BasicKeyValueStore<K, V, detail::TimestampedValues<V>>;

}  // namespace millrace
