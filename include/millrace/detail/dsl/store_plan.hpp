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
struct StorePlan {
    std::shared_ptr<TableState> state;
    StoreSpec spec;
    bool name_is_generated = false;

    bool is_versioned() const noexcept { return spec.kind == StoreKind::kVersionedKeyValue; }

    /// The name by which users query it; empty if it is generated.
    std::string queryable() const;

    /// How long old values are kept; empty if the store is not versioned.
    std::optional<std::chrono::milliseconds> history() const;

    /// For a node that always uses it.
    LogicalStore store(const std::string& user) const;

    /// For a node that uses it when it is materialised.
    LogicalStore lazy_store(const std::string& user) const;
};

/// The handle of the table that `node` writes and `origin` reads; `plan` has its store.
template <class K, class V>
TableCore<K, V> table_handle(const std::shared_ptr<LogicalGraph>& graph, LogicalNode& node,
                             const StorePlan& plan, const SerdeOf<K>& key_serde,
                             const SerdeOf<V>& value_serde, std::set<std::string> sources,
                             TableOriginPtr<K, V> origin) {
    return {.graph = graph,
            .node = &node,
            .name = node.name,
            .key_serde = key_serde,
            .value_serde = value_serde,
            .sources = std::move(sources),
            .origin = std::move(origin),
            .state = plan.state,
            .queryable = plan.queryable(),
            .history = plan.history()};
}

/// The same of a table that is read from its store.
template <class K, class V>
TableCore<K, V> stored_table(const std::shared_ptr<LogicalGraph>& graph, LogicalNode& node,
                             const StorePlan& plan, const TableSerdes<K, V>& serdes,
                             std::set<std::string> sources) {
    return table_handle<K, V>(graph, node, plan, serdes.key, serdes.value, std::move(sources),
                              TableOriginPtr<K, V>(new StoredOrigin<K, V>(plan.state, serdes)));
}

/// Selects name and kind of a table's store. If `options` have no name, generates one and takes an
/// index; the store is materialised if they have one.
StorePlan plan_store(LogicalGraph& graph, const StoreOptions& options, std::string_view prefix,
                     StoreKind kind);

/// The same for a node that always has its store.
StorePlan plan_required_store(LogicalGraph& graph, const StoreOptions& options,
                              std::string_view prefix, StoreKind kind);

/// The same for windows of that size, 0 for sessions. Throws TopologyError if the retention is
/// shorter than `at_least`.
StorePlan plan_window_store(LogicalGraph& graph, const StoreOptions& options,
                            std::string_view prefix, StoreKind kind,
                            std::chrono::milliseconds at_least,
                            std::chrono::milliseconds window_size);

/// For operations on tables that have a store only if it is named; as in Kafka Streams, requesting
/// one without a name takes an index and has no other effect.
StorePlan plan_optional_store(LogicalGraph& graph, const StoreOptions& options,
                              std::string_view prefix);

/// Sets the serdes of the store that `node` requires: those of `options`, otherwise `key`. Throws
/// TopologyError if there are none.
template <class K, class V>
TableSerdes<K, V> set_serdes(StorePlan& plan, const std::string& node,
                             const Materialized<K, V>& options, const SerdeOf<K>& key) {
    TableSerdes<K, V> serdes{serde_or(options.key_serde, key), options.value_serde};
    require_serdes(need_of_own_store(node, plan.spec.name), serdes.key, serdes.value);
    plan.spec.serdes = serdes;
    return serdes;
}

/// True if `options` set anything for a store.
bool wants_store(const StoreOptions& options, bool has_serdes);

/// Name and store of a suppression.
struct SuppressPlan {
    std::string name;
    StoreSpec store;
};

/// Throws TopologyError downstream of a versioned table.
SuppressPlan plan_suppress(LogicalGraph& graph, const LogicalNode& above, const std::string& given,
                           bool logging,
                           const std::map<std::string, std::string>& changelog_config);

/// Throws TopologyError if the time limit of a suppression is negative.
void check_limit(std::chrono::milliseconds limit);

/// Windowed aggregations forward null values, which an aggregator of cogroup `name` cannot accept.
[[noreturn]] void no_nulls_in_cogroup(const std::string& name);

}  // namespace millrace::detail
