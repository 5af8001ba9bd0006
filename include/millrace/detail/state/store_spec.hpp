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
    kChangeBuffer,  ///< Of suppressions; in memory, whatever the engine.
};

/// Whether a store's rows have headers (KIP-1271), and whose.
enum class StoredHeaders {
    kNone,
    kEmptyIfAsked,  ///< With dsl.store.format=headers: room for them, which the DSL leaves empty.
    kOfRecordIfAsked,  ///< With that setting: of the record that wrote the row.
    kGiven,            ///< Always: whoever writes the row gives them.
};

/// What a store's keys and values are, without what its kind adds to values: names as of
/// detail/state/store_types.hpp, empty when not known.
struct StoreTypes {
    std::string key{};
    std::string value{};
    bool custom_key = false;  ///< The bytes do not follow from the type.
    bool custom_value = false;
};

/// Everything the running side needs to know to make one state store. Plain data.
struct StoreSpec {
    std::string name;
    StoreKind kind = StoreKind::kKeyValue;
    StoreEngine engine = StoreEngine::kDefault;
    bool caching = false;
    bool logging = true;
    std::map<std::string, std::string> changelog_config{};  ///< Topic settings that override ours.
    bool log_headers = false;    ///< The changelog has the headers of the record that wrote.
    bool log_timestamps = true;  ///< False: its records are stamped when they are sent.

    std::chrono::milliseconds retention{0};         ///< Window, session and versioned stores.
    std::chrono::milliseconds window_size{0};       ///< Window stores.
    std::chrono::milliseconds segment_interval{0};  ///< Zero: max(retention / 2, 60 s).
    bool retain_duplicates = false;                 ///< Window stores of stream-stream joins.
    bool time_first = false;  ///< Stores of results on close: walked by time, not by key.
    bool reproduce_kafka_defects = false;  ///< TopologyOptions::reproduce_kafka_defects.
    StoredHeaders headers = StoredHeaders::kNone;
    std::size_t max_entries = 0;  ///< kLru.
    StoreTypes types{};

    /// Source topic that serves as changelog (optimisation, global and read-only stores); empty: an
    /// own topic <application.id>-<name>-changelog, if logging is on.
    std::string source_topic{};

    /// StoreSerdes<K, V> of the keys and values that queries see; empty: nobody said.
    std::any serdes{};

    /// A storage engine of the user's; null: ours. Called once for each task.
    std::function<std::unique_ptr<KeyValueBytesStore>(const std::string& name)> custom_key_value{};
    std::function<std::unique_ptr<WindowBytesStore>(const std::string& name)> custom_window{};
};

}  // namespace millrace::detail
