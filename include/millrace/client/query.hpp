// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/time.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/state/session_store.hpp"
#include "millrace/state/window_store.hpp"
#include "millrace/windows/window.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace {

namespace detail {

/// The bytes of one store over all local tasks that have it. Every call runs on the stream threads
/// that own the tasks, between two turns of theirs, and waits for them.
class StoreReader {
  public:
    using Entry = std::pair<Bytes, Bytes>;

    struct WindowEntry {
        Bytes key;
        Timestamp window_start = kNoTimestamp;
        Bytes value;
    };

    struct SessionEntry {
        Bytes key;
        SessionWindow session;
        Bytes value;
    };

    virtual ~StoreReader() = default;

    /// Values come without the timestamp that some stores keep with them.
    virtual std::optional<Bytes> get(BytesView key) const = 0;
    virtual std::vector<Entry> range(NullableBytes first, NullableBytes last) const = 0;
    virtual std::uint64_t approximate_entries() const = 0;
    virtual std::vector<WindowEntry> fetch(BytesView key, Timestamp from, Timestamp to) const = 0;
    virtual std::vector<WindowEntry> fetch_all(Timestamp from, Timestamp to) const = 0;
    virtual std::optional<Bytes> fetch_session(BytesView key, SessionWindow session) const = 0;
    virtual std::vector<SessionEntry> find_sessions(NullableBytes first, NullableBytes last,
                                                    Timestamp earliest_end,
                                                    Timestamp latest_start) const = 0;
};

template <class T>
Bytes written(const T& value) {
    Bytes bytes;
    SerdeOf<T>().serialize(value, bytes);
    return bytes;
}

template <class T>
T read(BytesView bytes) {
    T value{};
    SerdeOf<T>().deserialize(bytes, value);
    return value;
}

}  // namespace detail

/// A key-value store of this instance, for reading from outside: see KafkaStreams::store.
///
/// A call sees what the tasks have processed, committed or not. With several tasks it is no
/// snapshot over all of them. Errors: StateError when no task of this instance has the store (any
/// more). Thread-safe; not to be called from within processors.
template <Serializable K, Serializable V>
class ReadOnlyKeyValueStore {
  public:
    explicit ReadOnlyKeyValueStore(std::shared_ptr<const detail::StoreReader> reader)
        : reader_(std::move(reader)) {}

    std::optional<V> get(const K& key) const {
        const auto value = reader_->get(detail::written(key));
        return value ? std::optional<V>(detail::read<V>(*value)) : std::nullopt;
    }

    /// Entries with first <= key <= last as bytes, task by task.
    std::vector<std::pair<K, V>> range(const K& first, const K& last) const {
        return typed(reader_->range(detail::written(first), detail::written(last)));
    }
    std::vector<std::pair<K, V>> all() const {
        return typed(reader_->range(std::nullopt, std::nullopt));
    }
    std::uint64_t approximate_num_entries() const { return reader_->approximate_entries(); }

  private:
    static std::vector<std::pair<K, V>> typed(const std::vector<detail::StoreReader::Entry>& rows) {
        std::vector<std::pair<K, V>> entries;
        entries.reserve(rows.size());
        for (const auto& [key, value] : rows) {
            entries.emplace_back(detail::read<K>(key), detail::read<V>(value));
        }
        return entries;
    }

    std::shared_ptr<const detail::StoreReader> reader_;
};

/// A window store of this instance, for reading from outside. As ReadOnlyKeyValueStore.
template <Serializable K, Serializable V>
class ReadOnlyWindowStore {
  public:
    explicit ReadOnlyWindowStore(std::shared_ptr<const detail::StoreReader> reader)
        : reader_(std::move(reader)) {}

    /// Windows of one key that start from `from` to `to`, by start.
    std::vector<WindowRow<K, V>> fetch(const K& key, Timestamp from, Timestamp to) const {
        return typed(reader_->fetch(detail::written(key), from, to));
    }

    /// Windows of all keys that start from `from` to `to`.
    std::vector<WindowRow<K, V>> fetch_all(Timestamp from, Timestamp to) const {
        return typed(reader_->fetch_all(from, to));
    }

  private:
    static std::vector<WindowRow<K, V>> typed(
        const std::vector<detail::StoreReader::WindowEntry>& rows) {
        std::vector<WindowRow<K, V>> entries;
        entries.reserve(rows.size());
        for (const auto& row : rows) {
            entries.push_back(
                {detail::read<K>(row.key), row.window_start, detail::read<V>(row.value)});
        }
        return entries;
    }

    std::shared_ptr<const detail::StoreReader> reader_;
};

/// A session store of this instance, for reading from outside. As ReadOnlyKeyValueStore.
template <Serializable K, Serializable V>
class ReadOnlySessionStore {
  public:
    explicit ReadOnlySessionStore(std::shared_ptr<const detail::StoreReader> reader)
        : reader_(std::move(reader)) {}

    /// Nothing when there is no such session, or it has expired.
    std::optional<V> fetch_session(const K& key, SessionWindow session) const {
        const auto value = reader_->fetch_session(detail::written(key), session);
        return value ? std::optional<V>(detail::read<V>(*value)) : std::nullopt;
    }

    /// All sessions of a key, by end.
    std::vector<SessionRow<K, V>> fetch(const K& key) const {
        return find_sessions(key, timestamp_of(0), Timestamp::max());
    }

    /// All sessions of keys with first <= key <= last as bytes, task by task.
    std::vector<SessionRow<K, V>> fetch_range(const K& first, const K& last) const {
        return typed(reader_->find_sessions(detail::written(first), detail::written(last),
                                            timestamp_of(0), Timestamp::max()));
    }

    /// Sessions of a key that end at `earliest_end` or later and start at `latest_start` or
    /// earlier, by end.
    std::vector<SessionRow<K, V>> find_sessions(const K& key, Timestamp earliest_end,
                                                Timestamp latest_start) const {
        const Bytes bytes = detail::written(key);
        return typed(reader_->find_sessions(bytes, bytes, earliest_end, latest_start));
    }

  private:
    static std::vector<SessionRow<K, V>> typed(
        const std::vector<detail::StoreReader::SessionEntry>& rows) {
        std::vector<SessionRow<K, V>> entries;
        entries.reserve(rows.size());
        for (const auto& row : rows) {
            entries.push_back({detail::read<K>(row.key), row.session, detail::read<V>(row.value)});
        }
        return entries;
    }

    std::shared_ptr<const detail::StoreReader> reader_;
};

}  // namespace millrace
