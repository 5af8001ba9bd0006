// SPDX-License-Identifier: Apache-2.0

// Primary-key joins of tables, as in the recorder's TableJoins.java.
#include "joiners.hpp"
#include "scenario.hpp"

namespace millrace::parity {
namespace {

using Table = KTable<std::string, std::string>;

Topology out(Case& c, const Table& table) {
    table.to_stream().to("out");
    return c.build();
}

const auto kNotP = [](const std::string& v) { return !v.starts_with("p"); };

Topology inner(Case& c) {
    const auto left = c.table("left");
    return out(c, left.join(c.table("right"), Plus()));
}

Topology left(Case& c) {
    const auto left = c.table("left");
    return out(c, left.left_join(c.table("right"), Plus()));
}

Topology outer(Case& c) {
    const auto left = c.table("left");
    return out(c, left.outer_join(c.table("right"), Plus()));
}

Topology inner_materialized(Case& c) {
    const auto left = c.table("left");
    return out(c, left.join(c.table("right"), Plus(), {.store = "joined"}));
}

Topology outer_materialized_cached(Case& c) {
    const auto left = c.table("left");
    return out(c, left.outer_join(c.table("right"), Plus(), {.name = "both", .store = "joined"}));
}

Topology left_joiner_null(Case& c) {
    const auto left = c.table("left");
    return out(c, left.left_join(c.table("right"),
                                 [](const std::string& l, const std::string* r) {
                                     return r != nullptr && r->starts_with("p") ? std::nullopt
                                                                                : Str(Plus()(l, r));
                                 },
                                 {.store = "joined"}));
}

Topology with_filter(Case& c) {
    const auto left = c.table("left").filter(kNotP);
    const auto right =
        c.table("right").map_values([](const std::string& v) { return upper_case(v); });
    return out(c, left.outer_join(right, Plus()));
}

Topology three_way(Case& c) {
    const auto x = c.table("x");
    const auto y = c.table("y");
    const auto z = c.table("z");
    return out(c, x.left_join(y, Plus()).outer_join(z, Plus()));
}

Topology self(Case& c) {
    const auto table = c.table("in");
    return out(c, table.join(table, Plus()));
}

Topology diamond(Case& c) {
    const auto table = c.table("in");
    const auto mapped = table.map_values([](const std::string& v) { return "m" + v; });
    const auto filtered =
        table.filter([](const std::string& v) { return v.starts_with("p") || v.starts_with("q"); });
    return out(c, mapped.left_join(filtered, Plus()));
}

Topology then_group_by(Case& c) {
    const auto left = c.table("left");
    const auto right = c.table("right");
    left.left_join(right, Plus())
        .group_by([](const std::string& v) { return std::pair(head(v), v); })
        .count()
        .to_stream()
        .to("out");
    return c.build();
}

Topology left_then_filter(Case& c) {
    const auto left = c.table("left");
    return out(c, left.left_join(c.table("right"), Plus(), {.store = "joined"})
                      .filter([](const std::string& v) { return !v.ends_with("null"); },
                              {.store = "complete"}));
}

Topology of_counts(Case& c) {
    const auto x = c.stream("x").group_by_key().count();
    const auto y = c.stream("y").group_by_key().count();
    x.outer_join(y,
                 [](const std::int64_t* m, const std::int64_t* n) {
                     return (m ? std::to_string(*m) : "null") + "/" +
                            (n ? std::to_string(*n) : "null");
                 })
        .to_stream()
        .to("out");
    return c.build();
}

}  // namespace

Scenarios table_joins() {
    return {{"table-joins-inner", inner},
            {"table-joins-left", left},
            {"table-joins-outer", outer},
            {"table-joins-inner-materialized", inner_materialized},
            {"table-joins-outer-materialized-cached", outer_materialized_cached},
            {"table-joins-left-joiner-null", left_joiner_null},
            {"table-joins-with-filter", with_filter},
            {"table-joins-three-way", three_way},
            {"table-joins-self", self},
            {"table-joins-diamond", diamond},
            {"table-joins-then-group-by", then_group_by},
            {"table-joins-of-counts", of_counts},
            {"table-joins-left-then-filter", left_then_filter}};
}

}  // namespace millrace::parity
