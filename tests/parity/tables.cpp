// SPDX-License-Identifier: Apache-2.0

// Tables and derived tables, as in the recorder's Tables.java.
#include "joiners.hpp"
#include "scenario.hpp"

namespace millrace::parity {
namespace {

using Table = KTable<std::string, std::string>;

const auto kP = [](const std::string& v) { return v.starts_with("p"); };
const auto kNotP = [](const std::string& v) { return !v.starts_with("p"); };
const auto kMarked = [](const std::string& v) { return v + "!"; };

Table rows(Case& c) {
    return c.b.table<std::string, std::string>("in", {.store = "rows"});
}

Topology out(Case& c, const Table& table) {
    table.to_stream().to("out");
    return c.build();
}

Topology to_stream(Case& c) {
    return out(c, c.table("in"));
}

Topology materialized(Case& c) {
    return out(c, rows(c));
}

Topology optimized_mapped(Case& c) {
    return out(c, c.b.table<std::string, std::string>(
                         "in", {.store = "rows", .engine = StoreEngine::kInMemory})
                      .map_values(kMarked, {.store = "mapped"}));
}

Topology filter(Case& c) {
    return out(c, c.table("in").filter(kNotP));
}

Topology filter_of_materialized(Case& c) {
    return out(c, rows(c).filter(kP));
}

Topology filter_not_materialized(Case& c) {
    return out(c, c.table("in").filter_not(kP, {.store = "kept"}));
}

Topology filter_both_materialized_cached(Case& c) {
    return out(c, rows(c).filter(kP, {.store = "kept"}));
}

Topology map_values(Case& c) {
    return out(c,
               c.table("in")
                   .map_values(kMarked)
                   .map_values([](const std::string& k, const std::string& v) { return k + v; })
                   .filter([](const std::string& v) { return v.find('q') == std::string::npos; }));
}

Topology map_values_null(Case& c) {
    return out(c,
               c.table("in").map_values(
                   [](const std::string& v) { return kP(v) ? std::nullopt : Str(upper_case(v)); },
                   {.store = "mapped"}));
}

Topology map_values_long(Case& c) {
    c.table("in")
        .map_values([](const std::string& v) { return static_cast<std::int64_t>(v.size()); },
                    {.store = "lengths"})
        .to_stream()
        .to("out");
    return c.build();
}

Topology to_table(Case& c) {
    return out(c, c.stream("in").to_table());
}

Topology to_table_repartitioned(Case& c) {
    return out(c, c.stream("in")
                      .select_key([](const Str& k, const Str& v) { return v ? Str(head(v)) : k; })
                      .to_table({.store = "latest"}));
}

Topology to_table_cached(Case& c) {
    return out(c, c.stream("in")
                      .map_values([](const Str& v) { return v ? Str(*v + "!") : std::nullopt; })
                      .to_table({.store = "latest"})
                      .filter(kP));
}

Topology to_stream_new_key(Case& c) {
    c.table("in")
        .to_stream_by([](const Str& v) { return v ? head(v) : "none"; })
        .group_by_key()
        .count()
        .to_stream()
        .to("out");
    return c.build();
}

Topology fan_out(Case& c) {
    const auto table = c.table("in");
    table.filter(kP, {.store = "only-p"}).to_stream().to("p");
    table.to_stream().to("all");
    table.map_values([](const std::string& v) { return v + v; }).to_stream().to("doubled");
    return c.build();
}

Topology global(Case& c) {
    c.b.global_table<std::string, std::string>("global", {.store = "everywhere"});
    return c.build();
}

Topology global_fed_by_sink(Case& c) {
    const auto global = c.b.global_table<std::string, std::string>("loop", {.store = "everywhere"});
    const auto in = c.stream("in");
    in.to("loop");
    in.left_join(
          global, [](const Str& k, const std::string&) { return k; },
          [](const std::string& v, const std::string* old) { return v + "<" + text(old); })
        .to("out");
    return c.build();
}

Topology aggregate_mapped_cached(Case& c) {
    c.stream("in")
        .group_by_key()
        .count({.store = "counts"})
        .map_values([](std::int64_t n) { return "n" + std::to_string(n); }, {.store = "mapped"})
        .filter([](const std::string& v) { return v != "n3"; })
        .to_stream()
        .to("out");
    return c.build();
}

Topology filtered_aggregate_grouped(Case& c) {
    c.stream("in")
        .group_by_key()
        .count({.store = "counts"})
        .filter([](std::int64_t n) { return n % 3 != 0; })
        .filter([](std::int64_t n) { return n > 1; })
        .group_by([](const std::string& k, std::int64_t n) {
            return std::pair<std::string, std::string>(n % 2 == 0 ? "even" : "odd", k);
        })
        .count()
        .to_stream()
        .to("out");
    return c.build();
}

}  // namespace

Scenarios tables() {
    return {{"tables-to-stream", to_stream},
            {"tables-materialized", materialized},
            {"tables-materialized-cached", materialized},
            {"tables-materialized-optimized", materialized},
            {"tables-optimized-mapped", optimized_mapped},
            {"tables-filter", filter},
            {"tables-filter-of-materialized", filter_of_materialized},
            {"tables-filter-not-materialized", filter_not_materialized},
            {"tables-filter-both-materialized-cached", filter_both_materialized_cached},
            {"tables-map-values", map_values},
            {"tables-map-values-null", map_values_null},
            {"tables-map-values-long", map_values_long},
            {"tables-to-table", to_table},
            {"tables-to-table-repartitioned", to_table_repartitioned},
            {"tables-to-table-cached", to_table_cached},
            {"tables-to-stream-new-key", to_stream_new_key},
            {"tables-fan-out", fan_out},
            {"tables-global", global},
            {"tables-global-fed-by-sink", global_fed_by_sink},
            {"tables-aggregate-mapped-cached", aggregate_mapped_cached},
            {"tables-filtered-aggregate-grouped", filtered_aggregate_grouped}};
}

}  // namespace millrace::parity
