// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/state/store_spec.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <utility>

namespace millrace {

/// How a store that a processor uses keeps its content.
struct StoreOptions {
    StoreEngine engine = StoreEngine::kRocksDb;
    std::size_t max_entries = 0;                            ///< StoreEngine::kLru.
    bool caching = false;                                   ///< Keep and log the last of several writes.
    bool logging = true;                                    ///< False: the content is lost with the task.
    std::map<std::string, std::string> changelog_config{};  ///< Topic settings that override ours.
};

/// A state store to be, for StreamsBuilder::add_state_store and TopologyBuilder::add_state_store.
class StoreBuilder {
  public:
    explicit StoreBuilder(detail::StoreSpec spec) : spec_(std::move(spec)) {}

    const std::string& name() const noexcept { return spec_.name; }
    const detail::StoreSpec& spec() const noexcept { return spec_; }

  private:
    detail::StoreSpec spec_;
};

/// Makes builders of state stores, as Kafka Streams' Stores. Names must be valid Kafka topic names.
struct Stores {
    static StoreBuilder key_value(std::string name, StoreOptions options = {}) {
        return make(std::move(name), detail::StoreKind::kKeyValue, std::move(options));
    }

    static StoreBuilder timestamped_key_value(std::string name, StoreOptions options = {}) {
        return make(std::move(name), detail::StoreKind::kTimestampedKeyValue, std::move(options));
    }

    /// Keeps the versions of a value of the last `history`.
    static StoreBuilder versioned_key_value(std::string name, std::chrono::milliseconds history,
                                            StoreOptions options = {}) {
        detail::StoreSpec spec =
            make(std::move(name), detail::StoreKind::kVersionedKeyValue, std::move(options)).spec();
        spec.retention = history;
        return StoreBuilder(std::move(spec));
    }

    /// Values by key and window start, kept for `retention` of event time.
    static StoreBuilder window(std::string name, std::chrono::milliseconds retention,
                               std::chrono::milliseconds window_size, bool retain_duplicates = false,
                               StoreOptions options = {}) {
        return windows(std::move(name), detail::StoreKind::kWindow, retention, window_size,
                       retain_duplicates, std::move(options));
    }

    static StoreBuilder timestamped_window(std::string name, std::chrono::milliseconds retention,
                                           std::chrono::milliseconds window_size,
                                           bool retain_duplicates = false, StoreOptions options = {}) {
        return windows(std::move(name), detail::StoreKind::kTimestampedWindow, retention, window_size,
                       retain_duplicates, std::move(options));
    }

    /// Values by key and session, kept for `retention` of event time.
    static StoreBuilder session(std::string name, std::chrono::milliseconds retention,
                                StoreOptions options = {}) {
        return windows(std::move(name), detail::StoreKind::kSession, retention,
                       std::chrono::milliseconds(0), false, std::move(options));
    }

  private:
    static StoreBuilder make(std::string name, detail::StoreKind kind, StoreOptions options) {
        detail::StoreSpec spec;
        spec.name = std::move(name);
        spec.kind = kind;
        spec.engine = options.engine;
        spec.max_entries = options.max_entries;
        spec.caching = options.caching;
        spec.logging = options.logging;
        spec.changelog_config = std::move(options.changelog_config);
        return StoreBuilder(std::move(spec));
    }

    static StoreBuilder windows(std::string name, detail::StoreKind kind,
                                std::chrono::milliseconds retention,
                                std::chrono::milliseconds window_size, bool retain_duplicates,
                                StoreOptions options) {
        detail::StoreSpec spec = make(std::move(name), kind, std::move(options)).spec();
        spec.retention = retention;
        spec.window_size = window_size;
        spec.retain_duplicates = retain_duplicates;
        return StoreBuilder(std::move(spec));
    }
};

}  // namespace millrace
