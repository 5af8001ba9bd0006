// SPDX-License-Identifier: Apache-2.0
#include "millrace/detail/dsl/table_place.hpp"
#include "millrace/core/error.hpp"
#include "millrace/detail/dsl/dsl_graph.hpp"
#include "topology/spec_builder.hpp"

#include <utility>

namespace millrace::detail {
namespace {

StorePlace place(const StoreOptions& options, std::string name, StoreKind kind) {
    StorePlace place{std::make_shared<TableState>(), {}, options.store.empty()};
    topology::check_name("store", name);
    place.state->store = name;
    place.state->materialized = !options.store.empty();
    place.spec.name = std::move(name);
    place.spec.kind = kind;
    place.spec.engine = options.engine;
    place.spec.caching = options.caching;
    place.spec.logging = options.logging;
    place.spec.changelog_config = options.changelog_config;
    place.spec.max_entries = options.max_entries;
    place.spec.types = options.types;
    place.spec.headers = StoredHeaders::kEmptyIfAsked;
    if (options.history) {
        if (kind != StoreKind::kTimestampedKeyValue) {
            throw TopologyError("store " + place.spec.name +
                                " cannot be versioned: it has windows");
        }
        if (options.history->count() < 0 || options.engine == StoreEngine::kLru) {
            throw TopologyError(
                "store " + place.spec.name +
                " cannot be versioned: its history is negative, or the number of its rows bounded");
        }
        place.state->materialized = true;
        place.spec.kind = StoreKind::kVersionedKeyValue;
        place.spec.retention = *options.history;
        place.spec.caching = false;
        place.spec.headers = StoredHeaders::kNone;
    }
    return place;
}

}  // namespace

StorePlace place_store(LogicalGraph& graph, const StoreOptions& options, std::string_view prefix,
                       StoreKind kind) {
    return place(options, options.store.empty() ? graph.new_store_name(prefix) : options.store,
                 kind);
}

StorePlace place_optional_store(LogicalGraph& graph, const StoreOptions& options,
                                std::string_view prefix) {
    if (options.store.empty() && !options.history) {
        if (options.materialize) {
            graph.new_store_name(prefix);
        }
        return {std::make_shared<TableState>(), {}, true};
    }
    return place_store(graph, options, prefix, StoreKind::kTimestampedKeyValue);
}

bool wants_store(const StoreOptions& options, bool has_serdes) {
    return !options.store.empty() || options.materialize || has_serdes || !options.caching ||
           !options.logging || options.engine != StoreEngine::kDefault ||
           options.history.has_value() || !options.changelog_config.empty();
}

void set_retention(StoreSpec& spec, const StoreOptions& options, std::chrono::milliseconds at_least,
                   std::chrono::milliseconds window_size) {
    spec.window_size = window_size;
    spec.retention = options.retention.value_or(at_least);
    if (spec.retention < at_least) {
        throw TopologyError("store " + spec.name + " keeps windows for " +
                            std::to_string(spec.retention.count()) +
                            " ms, which is less than their size and "
                            "grace, " +
                            std::to_string(at_least.count()) + " ms; raise the retention");
    }
}

SuppressPlace place_suppress(LogicalGraph& graph, const LogicalNode& above,
                             const std::string& given, bool logging,
                             const std::map<std::string, std::string>& changelog_config) {
    constexpr const char* kPrefix = "KTABLE-SUPPRESS-";
    if (above.versioned.value_or(false)) {
        throw TopologyError("table " + above.name +
                            " is versioned; only unversioned tables can be suppressed");
    }
    SuppressPlace place;
    place.name = given.empty() ? graph.new_name(kPrefix) : given;
    topology::check_name("suppression", place.name);
    place.store.name = given.empty() ? graph.new_store_name(kPrefix) : given + "-store";
    place.store.kind = StoreKind::kChangeBuffer;
    place.store.engine = StoreEngine::kInMemory;
    place.store.logging = logging;
    place.store.changelog_config = changelog_config;
    return place;
}

void check_limit(std::chrono::milliseconds limit) {
    if (limit.count() < 0) {
        throw TopologyError("a suppression's time limit must not be negative; got " +
                            std::to_string(limit.count()) + " ms");
    }
}

void no_nulls_in_cogroup(const std::string& name) {
    throw TopologyError(
        "cogroup " + name +
        ": an aggregator cannot accept the null values that windowed aggregations forward");
}

void check_join_grace(const LogicalNode& table,
                      const std::optional<std::chrono::milliseconds>& history,
                      const std::optional<std::chrono::milliseconds>& grace) {
    if (!grace) {
        return;
    }
    if (!has_versions(table)) {
        throw TopologyError("a join with grace needs a versioned table: " + table.name +
                            "; set Materialized::history of the table");
    }
    if (history && *history < *grace) {
        throw TopologyError("table " + table.name + " keeps versions for " +
                            std::to_string(history->count()) +
                            " ms, which is less than the join's grace, " +
                            std::to_string(grace->count()) + " ms; raise the history");
    }
}

}  // namespace millrace::detail
