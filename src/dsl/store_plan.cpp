// SPDX-License-Identifier: Apache-2.0
#include "millrace/detail/dsl/store_plan.hpp"
#include "millrace/core/error.hpp"
#include "millrace/detail/dsl/dsl_graph.hpp"
#include "topology/spec_builder.hpp"

#include <utility>

namespace millrace::detail {
namespace {

StorePlan plan_of(const StoreOptions& options, std::string name, StoreKind kind) {
    StorePlan plan{std::make_shared<TableState>(), {}, options.store.empty()};
    topology::check_name("store", name);
    plan.state->store = name;
    plan.state->materialized = !options.store.empty();
    plan.spec.name = std::move(name);
    plan.spec.kind = kind;
    plan.spec.engine = options.engine;
    plan.spec.caching = options.caching;
    plan.spec.logging = options.logging;
    plan.spec.changelog_config = options.changelog_config;
    plan.spec.max_entries = options.max_entries;
    plan.spec.types = options.types;
    plan.spec.headers = StoredHeaders::kEmptyIfAsked;
    if (options.history) {
        if (kind != StoreKind::kTimestampedKeyValue) {
            throw TopologyError("store " + plan.spec.name + " cannot be versioned: it has windows");
        }
        if (options.history->count() < 0 || options.engine == StoreEngine::kLru) {
            throw TopologyError(
                "store " + plan.spec.name +
                " cannot be versioned: its history is negative, or the number of its rows bounded");
        }
        plan.state->materialized = true;
        plan.spec.kind = StoreKind::kVersionedKeyValue;
        plan.spec.retention = *options.history;
        plan.spec.caching = false;
        plan.spec.headers = StoredHeaders::kNone;
    }
    return plan;
}

}  // namespace

std::string StorePlan::queryable() const {
    return name_is_generated ? std::string() : spec.name;
}

std::optional<std::chrono::milliseconds> StorePlan::history() const {
    return is_versioned() ? std::optional(spec.retention) : std::nullopt;
}

LogicalStore StorePlan::store(const std::string& user) const {
    LogicalStore store{spec, {user}};
    store.name_is_generated = name_is_generated;
    return store;
}

LogicalStore StorePlan::lazy_store(const std::string& user) const {
    LogicalStore lazy = store(user);
    lazy.only_if = state;
    return lazy;
}

StorePlan plan_store(LogicalGraph& graph, const StoreOptions& options, std::string_view prefix,
                     StoreKind kind) {
    return plan_of(options, options.store.empty() ? graph.new_store_name(prefix) : options.store,
                   kind);
}

StorePlan plan_required_store(LogicalGraph& graph, const StoreOptions& options,
                              std::string_view prefix, StoreKind kind) {
    StorePlan plan = plan_store(graph, options, prefix, kind);
    plan.state->materialized = true;
    return plan;
}

StorePlan plan_window_store(LogicalGraph& graph, const StoreOptions& options,
                            std::string_view prefix, StoreKind kind,
                            std::chrono::milliseconds at_least,
                            std::chrono::milliseconds window_size) {
    StorePlan plan = plan_required_store(graph, options, prefix, kind);
    StoreSpec& spec = plan.spec;
    spec.window_size = window_size;
    spec.retention = options.retention.value_or(at_least);
    if (spec.retention < at_least) {
        throw TopologyError("store " + spec.name + " keeps windows for " +
                            std::to_string(spec.retention.count()) +
                            " ms, which is less than their size and "
                            "grace, " +
                            std::to_string(at_least.count()) + " ms; raise the retention");
    }
    return plan;
}

StorePlan plan_optional_store(LogicalGraph& graph, const StoreOptions& options,
                              std::string_view prefix) {
    if (options.store.empty() && !options.history) {
        if (options.materialize) {
            graph.new_store_name(prefix);
        }
        return {std::make_shared<TableState>(), {}, true};
    }
    return plan_store(graph, options, prefix, StoreKind::kTimestampedKeyValue);
}

bool wants_store(const StoreOptions& options, bool has_serdes) {
    return !options.store.empty() || options.materialize || has_serdes || !options.caching ||
           !options.logging || options.engine != StoreEngine::kDefault ||
           options.history.has_value() || !options.changelog_config.empty();
}

SuppressPlan plan_suppress(LogicalGraph& graph, const LogicalNode& above, const std::string& given,
                           bool logging,
                           const std::map<std::string, std::string>& changelog_config) {
    constexpr const char* kPrefix = "KTABLE-SUPPRESS-";
    if (above.versioned.value_or(false)) {
        throw TopologyError("table " + above.name +
                            " is versioned; only unversioned tables can be suppressed");
    }
    SuppressPlan plan;
    plan.name = given.empty() ? graph.new_name(kPrefix) : given;
    topology::check_name("suppression", plan.name);
    plan.store.name = given.empty() ? graph.new_store_name(kPrefix) : given + "-store";
    plan.store.kind = StoreKind::kChangeBuffer;
    plan.store.headers = StoredHeaders::kOfRecordIfAsked;
    plan.store.engine = StoreEngine::kInMemory;
    plan.store.logging = logging;
    plan.store.changelog_config = changelog_config;
    return plan;
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
