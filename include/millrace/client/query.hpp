// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/time.hpp"
#include "millrace/detail/state/store_reader.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/state/session_store.hpp"
#include "millrace/state/store_serdes.hpp"
#include "millrace/state/window_store.hpp"
#include "millrace/windows/window.hpp"

#include <algorithm>
#include <any>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

namespace millrace {

/// A key-value store of this instance, for reading outside of the topology: see
/// KafkaStreams::store.
///
/// A call sees everything the tasks have processed, committed or not. It is not a snapshot over
/// several tasks. It reads tasks of this instance only: a key of a task on another instance is not
/// found; KafkaStreams::metadata_for_local_threads returns the local partitions. Errors: StateError
/// if no task of this instance has the store (any more), while a task restores it, and on threads
/// of the client itself, that is in processors, listeners and handlers. SerdeError if stored bytes
/// are not of the type. Thread-safe.
template <Encodable K, Encodable V>
class ReadOnlyKeyValueStore {
  public:
    using Serdes = StoreSerdes<K, V>;

    /// Reads with the store's own serdes.
    explicit ReadOnlyKeyValueStore(std::shared_ptr<const detail::StoreReader> reader)
        : reader_(std::move(reader)), serdes_(reader_->template serdes<Serdes>()) {}

    /// Reads with `serdes`.
    ReadOnlyKeyValueStore(std::shared_ptr<const detail::StoreReader> reader, Serdes serdes)
        : reader_(std::move(reader)), serdes_(std::move(serdes)) {}

    std::optional<V> get(const K& key) const {
        const auto value = reader_->get(written(key));
        return value ? std::optional<V>(detail::read(serdes_.value, *value)) : std::nullopt;
    }

    /// Entries with first <= key <= last as bytes, task by task.
    std::vector<std::pair<K, V>> range(const K& first, const K& last) const {
        return typed(reader_->range(written(first), written(last)));
    }
    std::vector<std::pair<K, V>> all() const {
        return typed(reader_->range(std::nullopt, std::nullopt));
    }
    std::uint64_t approximate_num_entries() const { return reader_->approximate_num_entries(); }

  private:
    std::vector<std::pair<K, V>> typed(const std::vector<detail::StoreReader::Entry>& rows) const {
        std::vector<std::pair<K, V>> entries;
        entries.reserve(rows.size());
        for (const auto& [key, value] : rows) {
            entries.emplace_back(detail::read(serdes_.key, key),
                                 detail::read(serdes_.value, value));
        }
        return entries;
    }

    Bytes written(const K& key) const { return detail::written(serdes_.key, key); }

    std::shared_ptr<const detail::StoreReader> reader_;
    Serdes serdes_;
};

/// A window store of this instance, for reading outside of the topology. See ReadOnlyKeyValueStore.
template <Encodable K, Encodable V>
class ReadOnlyWindowStore {
  public:
    using Serdes = StoreSerdes<K, V>;

    /// Reads with the store's own serdes.
    explicit ReadOnlyWindowStore(std::shared_ptr<const detail::StoreReader> reader)
        : reader_(std::move(reader)), serdes_(reader_->template serdes<Serdes>()) {}

    /// Reads with `serdes`.
    ReadOnlyWindowStore(std::shared_ptr<const detail::StoreReader> reader, Serdes serdes)
        : reader_(std::move(reader)), serdes_(std::move(serdes)) {}

    /// Windows of one key that start from `from` to `to`, by start.
    std::vector<WindowRow<K, V>> fetch(const K& key, Timestamp from, Timestamp to) const {
        return typed(reader_->fetch(written(key), from, to));
    }

    /// Windows of all keys that start from `from` to `to`.
    std::vector<WindowRow<K, V>> fetch_all(Timestamp from, Timestamp to) const {
        return typed(reader_->fetch_all(from, to));
    }

  private:
    std::vector<WindowRow<K, V>> typed(
        const std::vector<detail::StoreReader::WindowEntry>& rows) const {
        std::vector<WindowRow<K, V>> entries;
        entries.reserve(rows.size());
        for (const auto& row : rows) {
            entries.push_back({detail::read(serdes_.key, row.key), row.window_start,
                               detail::read(serdes_.value, row.value)});
        }
        return entries;
    }

    Bytes written(const K& key) const { return detail::written(serdes_.key, key); }

    std::shared_ptr<const detail::StoreReader> reader_;
    Serdes serdes_;
};

/// A session store of this instance, for reading outside of the topology. See
/// ReadOnlyKeyValueStore.
template <Encodable K, Encodable V>
class ReadOnlySessionStore {
  public:
    using Serdes = StoreSerdes<K, V>;

    /// Reads with the store's own serdes.
    explicit ReadOnlySessionStore(std::shared_ptr<const detail::StoreReader> reader)
        : reader_(std::move(reader)), serdes_(reader_->template serdes<Serdes>()) {}

    /// Reads with `serdes`.
    ReadOnlySessionStore(std::shared_ptr<const detail::StoreReader> reader, Serdes serdes)
        : reader_(std::move(reader)), serdes_(std::move(serdes)) {}

    /// Empty if there is no such session, or it has expired.
    std::optional<V> fetch_session(const K& key, SessionWindow session) const {
        const auto value = reader_->fetch_session(written(key), session);
        return value ? std::optional<V>(detail::read(serdes_.value, *value)) : std::nullopt;
    }

    /// All sessions of a key, by end.
    std::vector<SessionRow<K, V>> fetch(const K& key) const {
        return find_sessions(key, timestamp_of(0), Timestamp::max());
    }

    /// All sessions of keys with first <= key <= last as bytes, task by task.
    std::vector<SessionRow<K, V>> fetch_range(const K& first, const K& last) const {
        return typed(reader_->find_sessions(written(first), written(last), timestamp_of(0),
                                            Timestamp::max()));
    }

    /// Sessions of a key that end at `earliest_end` or later and start at `latest_start` or
    /// earlier, by end.
    std::vector<SessionRow<K, V>> find_sessions(const K& key, Timestamp earliest_end,
                                                Timestamp latest_start) const {
        const Bytes bytes = written(key);
        return typed(reader_->find_sessions(bytes, bytes, earliest_end, latest_start));
    }

  private:
    std::vector<SessionRow<K, V>> typed(
        const std::vector<detail::StoreReader::SessionEntry>& rows) const {
        std::vector<SessionRow<K, V>> entries;
        entries.reserve(rows.size());
        for (const auto& row : rows) {
            entries.push_back({detail::read(serdes_.key, row.key), row.session,
                               detail::read(serdes_.value, row.value)});
        }
        return entries;
    }

    Bytes written(const K& key) const { return detail::written(serdes_.key, key); }

    std::shared_ptr<const detail::StoreReader> reader_;
    Serdes serdes_;
};

}  // namespace millrace
