// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/state/bytes_store.hpp"
#include "millrace/state/store_engine.hpp"

#include <any>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace millrace::detail {

enum class StoreKind {
    kKeyValue,
    kTimestampedKeyValue,
    kVersionedKeyValue,
    kWindow,
    kTimestampedWindow,
    kSession,
    kChangeBuffer,  ///< For suppressions; in memory with any engine.
};

/// Whether a store's rows have headers (KIP-1271), and from where.
enum class StoredHeaders {
    kNone,
    /// With dsl.store.format=headers: the format has headers, which the DSL leaves empty.
    kEmptyIfAsked,
    kOfRecordIfAsked,  ///< With that setting: the headers of the record that wrote the row.
    kGiven,            ///< Always: the headers of the put.
};

/// What a store's keys and values are, without what its kind adds to values: names as of
/// detail/state/store_types.hpp, empty when not known.
struct StoreTypes {
    std::string key{};
    std::string value{};
    bool custom_key = false;  ///< The type does not determine the bytes.
    bool custom_value = false;
};

/// Everything that the runtime needs to create a state store. Plain data.
struct StoreSpec {
    std::string name;
    StoreKind kind = StoreKind::kKeyValue;
    StoreEngine engine = StoreEngine::kDefault;
    bool caching = false;
    bool logging = true;
    /// Topic settings that override the defaults.
    std::map<std::string, std::string> changelog_config{};
    bool log_headers = false;    ///< Changelog records have the headers of the record that wrote.
    bool log_timestamps = true;  ///< False: the producer sets the timestamps of its records.

    std::chrono::milliseconds retention{0};         ///< Window, session and versioned stores.
    std::chrono::milliseconds window_size{0};       ///< Window stores.
    std::chrono::milliseconds segment_interval{0};  ///< Zero: max(retention / 2, 60 s).
    bool retain_duplicates = false;                 ///< Window stores of stream-stream joins.
    bool time_first = false;  ///< Stores of results on close: iterated by time, not by key.
    bool reproduce_kafka_defects = false;  ///< TopologyOptions::reproduce_kafka_defects.
    StoredHeaders headers = StoredHeaders::kNone;
    std::size_t max_entries = 0;  ///< kLru.
    StoreTypes types{};

    /// The source topic that serves as changelog (optimisation, global and read-only stores);
    /// empty: its own topic <application.id>-<name>-changelog, if logging is on.
    std::string source_topic{};

    /// StoreSerdes<K, V> of the keys and values that queries see; empty: unknown.
    std::any serdes{};

    /// A custom storage engine; null: the built-in one. Called once for each task.
    std::function<std::unique_ptr<KeyValueBytesStore>(const std::string& name)> custom_key_value{};
    std::function<std::unique_ptr<WindowBytesStore>(const std::string& name)> custom_window{};
};

}  // namespace millrace::detail
