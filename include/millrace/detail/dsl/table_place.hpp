// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/dsl/dsl_graph.hpp"
#include "millrace/detail/dsl/store_options.hpp"
#include "millrace/detail/nodes/table_store.hpp"
#include "millrace/detail/state/store_spec.hpp"
#include "millrace/dsl/options.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

namespace millrace::detail {

/// The store that a table has or may get.
struct StorePlace {
    std::shared_ptr<TableState> state;
    StoreSpec spec;
    bool name_is_generated = false;

    /// For a node that always uses it.
    LogicalStore store(const std::string& user) const {
        LogicalStore store{spec, {user}};
        store.name_is_generated = name_is_generated;
        return store;
    }

    /// For a node that uses it when it is materialised.
    LogicalStore lazy_store(const std::string& user) const {
        LogicalStore lazy = store(user);
        lazy.only_if = state;
        return lazy;
    }
};

/// Returns the handle of the table that `node` writes; `place` has its store.
template <class K, class V>
TableCore<K, V> stored_table(const std::shared_ptr<LogicalGraph>& graph, LogicalNode& node,
                             const StorePlace& place, const TableSerdes<K, V>& serdes,
                             std::set<std::string> sources, const Materialized<K, V>& options) {
    return {.graph = graph,
            .node = &node,
            .name = node.name,
            .key_serde = serdes.key,
            .value_serde = serdes.value,
            .sources = std::move(sources),
            .origin = TableOriginPtr<K, V>(new StoredOrigin<K, V>(place.state, serdes)),
            .state = place.state,
            .queryable = options.store,
            .history = options.history};
}

/// Selects name and kind of a table's store. If `options` have no name, generates one and takes an
/// index; the store is materialised if they have one.
StorePlace place_store(LogicalGraph& graph, const StoreOptions& options, std::string_view prefix,
                       StoreKind kind);

/// For operations on tables that have a store only if it is named; as in Kafka Streams, requesting
/// one without a name takes an index and has no other effect.
StorePlace place_optional_store(LogicalGraph& graph, const StoreOptions& options,
                                std::string_view prefix);

/// True if `options` set anything for a store.
bool wants_store(const StoreOptions& options, bool has_serdes);

/// Sets the retention of a window store. Throws TopologyError if it is shorter than `at_least`.
void set_retention(StoreSpec& spec, const StoreOptions& options, std::chrono::milliseconds at_least,
                   std::chrono::milliseconds window_size);

/// Name and store of a suppression.
struct SuppressPlace {
    std::string name;
    StoreSpec store;
};

/// Throws TopologyError downstream of a versioned table.
SuppressPlace place_suppress(LogicalGraph& graph, const LogicalNode& above,
                             const std::string& given, bool logging,
                             const std::map<std::string, std::string>& changelog_config);

/// Throws TopologyError if the time limit of a suppression is negative.
void check_limit(std::chrono::milliseconds limit);

/// Windowed aggregations forward null values, which an aggregator of cogroup `name` cannot accept.
[[noreturn]] void no_nulls_in_cogroup(const std::string& name);

}  // namespace millrace::detail
