// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/state/store_spec.hpp"
#include "millrace/detail/state/store_types.hpp"
#include "millrace/dsl/options.hpp"
#include "millrace/state/store_engine.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>

namespace millrace::detail {

/// Materialized without its types.
struct StoreOptions {
    std::string name;
    std::string store;
    StoreEngine engine;
    std::size_t max_entries;
    bool caching;
    bool logging;
    std::map<std::string, std::string> changelog_config;
    std::optional<std::chrono::milliseconds> retention;
    std::optional<std::chrono::milliseconds> history;
    bool materialize;
    StoreTypes types;
};

template <class K, class V>
StoreOptions untyped(const Materialized<K, V>& options) {
    return {options.name,
            options.store,
            options.engine,
            options.max_entries,
            options.caching,
            options.logging,
            options.changelog_config,
            options.retention,
            options.history,
            options.materialize,
            store_types(options.key_serde, options.value_serde)};
}

}  // namespace millrace::detail
