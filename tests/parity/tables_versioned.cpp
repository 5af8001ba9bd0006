// SPDX-License-Identifier: Apache-2.0

// Versioned tables, as in the recorder's Tables.java, TableJoins.java, Joins.java and
// Aggregations.java.
#include "joiners.hpp"
#include "scenario.hpp"

namespace millrace::parity {
namespace {

using std::chrono::milliseconds;
using Table = KTable<std::string, std::string>;

const auto kNotP = [](const std::string& v) { return !v.starts_with("p"); };

Table versions(Case& c, const char* topic, int history, const char* store = "versions") {
    return c.b.table<std::string, std::string>(topic,
                                               {.store = store, .history = milliseconds(history)});
}

Topology out(Case& c, const Table& table) {
    table.to_stream().to("out");
    return c.build();
}

Topology plain(Case& c) {
    return out(c, versions(c, "in", 40));
}

Topology filter(Case& c) {
    return out(c, versions(c, "in", 40).filter(kNotP));
}

Topology group_by(Case& c) {
    versions(c, "in", 40)
        .group_by([](const std::string& v) { return std::pair(head(v), v); })
        .count()
        .to_stream()
        .to("out");
    return c.build();
}

Topology to_versioned(Case& c) {
    return out(c,
               versions(c, "in", 40).filter(kNotP, {.store = "kept", .history = milliseconds(60)}));
}

Topology to_table(Case& c) {
    return out(c, c.stream("in")
                      .select_key([](const Str& k, const Str&) { return k ? k : Str("none"); })
                      .to_table({.store = "versions", .history = milliseconds(40)}));
}

Topology map_join(Case& c) {
    const auto mapped =
        versions(c, "in", 40).map_values([](const std::string& v) { return v + "!"; });
    return out(c, mapped.left_join(c.table("other"), Plus()));
}

Topology table_join(Case& c) {
    const auto left = versions(c, "left", 60, "left-versions");
    return out(c, left.outer_join(versions(c, "right", 60, "right-versions"), Plus()));
}

Topology stream_join(Case& c) {
    const auto table = versions(c, "table", 50);
    c.stream("stream").left_join(table, Plus()).to("out");
    return c.build();
}

Topology grace(Case& c) {
    const auto table = versions(c, "table", 80);
    c.stream("stream").join(table, Plus(), {.name = "late", .grace = milliseconds(15)}).to("out");
    return c.build();
}

Topology grace_left(Case& c) {
    const auto table = versions(c, "table", 80);
    c.stream("stream")
        .left_join(table, Plus(), {.name = "late", .grace = milliseconds(15)})
        .to("out");
    return c.build();
}

Topology grace_late(Case& c) {
    const auto table = versions(c, "table", 50);
    c.stream("stream")
        .left_join(table, Plus(), {.name = "late", .grace = milliseconds(30)})
        .to("out");
    return c.build();
}

Topology count(Case& c) {
    c.stream("in")
        .group_by_key()
        .count({.store = "counts", .history = milliseconds(50)})
        .to_stream()
        .to("out");
    return c.build();
}

Topology reduce(Case& c) {
    return out(c, c.stream("in").group_by_key().reduce(
                      [](const std::string& x, const std::string& y) {
                          return Str(x.size() > 6 ? y : x + y);
                      },
                      {.store = "reduced", .history = milliseconds(50)}));
}

}  // namespace

Scenarios tables_versioned() {
    return {{"tables-versioned", plain},
            {"tables-versioned-filter", filter},
            {"tables-versioned-group-by", group_by},
            {"tables-versioned-to-versioned", to_versioned},
            {"tables-to-table-versioned", to_table},
            {"tables-versioned-map-join", map_join},
            {"table-joins-versioned", table_join},
            {"joins-table-versioned", stream_join},
            {"joins-table-versioned-grace", grace},
            {"joins-table-versioned-grace-left", grace_left},
            {"joins-table-versioned-grace-late", grace_late},
            {"aggregations-count-versioned", count},
            {"aggregations-reduce-versioned", reduce}};
}

}  // namespace millrace::parity
