// SPDX-License-Identifier: Apache-2.0

// Build only: the text of the topology contains all names of nodes, stores, topics and
// sub-topologies. As in the recorder's Naming.java.
#include "scenario.hpp"

namespace millrace::parity {
namespace {

using Pair = std::pair<Str, Str>;
using KeyValue = std::pair<std::string, std::string>;

const auto kAll = [](const Str&) { return true; };
const auto kNone = [](const Str&) { return false; };
const auto kSame = [](const Str& v) { return v; };
const auto kIgnore = [](const Str&) {};
const auto kSwap = [](const Str& k, const Str& v) { return Pair(v, k); };
const auto kLast = [](const std::string&, const std::string& y) { return y; };
const auto kFirst = [](const std::string& x, const std::string&) { return x; };

Topology branches(Case& c) {
    using Stream = KStream<Str, Str>;
    c.stream("in")
        .split({.name = "b-"})
        .branch(kAll, {.consumer = [](Stream x) { x.to("one"); }})
        .branch(kAll, {.name = "fn", .function = [](Stream x) { return x.filter(kAll); }})
        .otherwise({.name = "tail", .consumer = [](Stream x) { x.to("rest"); }});
    c.stream("in2")
        .split()
        .branch(kAll, {.consumer = [](Stream x) { x.to("p"); }})
        .no_default_branch();
    return c.build();
}

Topology aggregations_generated(Case& c) {
    const auto grouped = c.stream("in").group_by_key();
    grouped.count();
    grouped.reduce(kLast);
    grouped.aggregate(std::string(), [](const std::string& a, const std::string&) { return a; });
    c.stream("in2").group_by(kSame).count().to_stream().to("out");
    return c.build();
}

Topology aggregations_named(Case& c) {
    const auto grouped = c.stream("in").group_by(kSame, {.name = "by-value"});
    grouped.count({.name = "counter", .store = "counts"}).to_stream({.name = "stream"}).to("out");
    grouped.reduce(kLast, {.name = "reducer", .store = "latest"});
    grouped
        .windowed_by(
            TimeWindows::of(std::chrono::milliseconds(10)).grace(std::chrono::milliseconds(5)))
        .count({.name = "window-counter", .store = "window-counts"});
    return c.build();
}

Topology tables(Case& c) {
    const auto x = c.table("in");
    const auto all = [](const std::string&) { return true; };
    const auto same = [](const std::string& v) { return v; };
    const auto swap = [](const std::string& k, const std::string& v) { return KeyValue(v, k); };
    x.filter(all).map_values(same).filter_not(all, {.store = "kept"}).to_stream().to("out");
    x.map_values(same, {.materialize = true}).to_stream().to("out2");
    x.group_by(swap).count().to_stream().to("out3");
    x.group_by(swap, {.name = "regroup"})
        .reduce(kFirst, kFirst, {.name = "reduced", .store = "reduced-store"});
    return c.build();
}

Topology table_sources(Case& c) {
    const auto plus = [](const std::string& x, const std::string& y) { return x + y; };
    c.table("unused").to_stream().to("out");
    c.table("joined").join(c.table("other"), plus);
    c.b.table<std::string, std::string>("named", {.store = "store"}, {.name = "source"});
    c.b.global_table<std::string, std::string>("global");
    c.b.global_table<std::string, std::string>("global-named", {.store = "global-store"});
    return c.build();
}

Topology stream_table_joins(Case& c) {
    const auto in = c.stream("in");
    const auto table = c.table("table");
    const auto plus = [](const std::string& x, const std::string& y) { return x + y; };
    const auto left = [](const std::string& x, const std::string* y) {
        return x + (y ? *y : "null");
    };
    const auto key = [](const std::string& v) { return v; };
    in.join(table, plus).to("a");
    in.select_key(kSame).left_join(table, left, {.name = "named"}).to("b");
    in.join(c.b.global_table<std::string, std::string>("global"), key, plus).to("c");
    in.left_join(c.b.global_table<std::string, std::string>("global2"), key, left,
                 {.name = "global-join"})
        .to("d");
    return c.build();
}

Topology table_joins(Case& c) {
    const auto x = c.table("x");
    const auto y = c.table("y");
    const auto plus = [](const std::string& p, const std::string& q) { return p + q; };
    const auto left = [](const std::string& p, const std::string* q) {
        return p + (q ? *q : "null");
    };
    const auto outer = [](const std::string* p, const std::string* q) {
        return (p ? *p : "null") + (q ? *q : "null");
    };
    x.join(y, plus).to_stream().to("a");
    x.left_join(y, left, {.name = "left"}).to_stream().to("b");
    x.outer_join(y, outer, {.store = "outer-store"}).to_stream().to("c");
    x.outer_join(y, outer, {.name = "outer", .materialize = true}).to_stream().to("d");
    return c.build();
}

Topology named_repartitions_optimized(Case& c) {
    const auto x = c.stream("in").select_key(kSame);
    x.group_by_key({.name = "first"}).count({.store = "one"});
    x.group_by_key({.name = "second"}).count({.store = "two"});
    x.map_values(kSame).group_by_key({.name = "third"}).count({.store = "three"});
    return c.build();
}

Topology explicit_repartition_optimized(Case& c) {
    const auto x = c.stream("in").select_key(kSame).repartition({.name = "mine"});
    x.group_by_key().count({.store = "one"});
    x.select_key(kSame).group_by_key().count({.store = "two"});
    c.b.table<std::string, std::string>("table", {.store = "rows"});
    return c.build();
}

Topology merge_optimized(Case& c) {
    const auto x = c.stream("x").select_key(kSame);
    const auto y = c.stream("y").select_key(kSame);
    x.merge(y).group_by_key().count();
    x.merge(y).group_by_key().reduce(kLast);
    return c.build();
}

Topology to_table(Case& c) {
    c.stream("a").select_key(kSame).to_table().to_stream().to("a-out");
    c.stream("b")
        .select_key(kSame)
        .to_table({.store = "b-store"})
        .to_stream_by(kSame)
        .group_by_key()
        .count();
    c.stream("d").to_table({.name = "d-table"});
    return c.build();
}

Topology child_order(Case& c) {
    const auto in = c.stream("in");
    in.to("zero");
    in.map_values(kSame, {.name = "one"}).to("x1");
    in.map_values(kSame, {.name = "chain-1"})
        .map_values(kSame, {.name = "chain-2"})
        .map_values(kSame, {.name = "chain-3"})
        .to("x2");
    const auto wide = in.map_values(kSame, {.name = "wide"});
    for (const std::string name : {"c", "a", "b"}) {
        wide.filter(kAll, {.name = name}).to("to-" + name);
    }
    in.foreach (kIgnore, {.name = "last"});
    return c.build();
}

Topology sinks(Case& c) {
    const auto in = c.stream("in");
    const auto by_value = [](const Str&, const Str& v, const RecordContextView&) {
        return v.value();
    };
    in.to(by_value);
    in.to(by_value, {.name = "dynamic"});
    in.to("out");
    in.filter(kAll).to("out", {.name = "again"});
    return c.build();
}

Topology merged_and_not_optimized(Case& c) {
    const auto x = c.stream("in").map(kSwap);
    x.group_by_key().count();
    x.group_by_key().reduce(kLast);
    x.map_values([](const Str& v) -> Str { return text(v); })
        .group_by_key()
        .windowed_by(
            TimeWindows::of(std::chrono::milliseconds(10)).grace(std::chrono::milliseconds(5)))
        .count();
    return c.build();
}

Topology filtered_merged_optimized(Case& c) {
    const auto x = c.stream("in").map(kSwap).filter(kAll);
    x.group_by_key().count();
    x.group_by_key().reduce(kLast);
    return c.build();
}

Topology refused_store_twice(Case& c) {
    c.stream("a").group_by_key().count({.store = "same"});
    c.stream("b").group_by_key().count({.store = "same"});
    return c.build();
}

Topology refused_stream_and_table(Case& c) {
    c.stream("a").to("out");
    c.table("a").to_stream().to("out2");
    return c.build();
}

Topology refused_overlap(Case& c) {
    c.b.stream<Str, Str>({"a", "b"}).to("out");
    c.b.stream<Str, Str>({"b", "d"}).to("out2");
    return c.build();
}

Topology refused_name_twice(Case& c) {
    c.stream("a").filter(kAll, {.name = "same"}).map_values(kSame, {.name = "same"}).to("out");
    return c.build();
}

Topology refused_name(Case& c) {
    c.stream("a").filter(kAll, {.name = "not allowed"}).to("out");
    return c.build();
}

Topology refused_advance(Case& c) {
    c.stream("a")
        .group_by_key()
        .windowed_by(TimeWindows::of(std::chrono::milliseconds(10))
                         .advance_by(std::chrono::milliseconds(11)))
        .count();
    return c.build();
}

Topology refused_generated_names(Case& c) {
    c.stream("in").select_key(kSame).group_by_key().count();
    return c.build();
}

}  // namespace

Scenarios naming() {
    return {{"naming-branches", branches},
            {"naming-aggregations", aggregations_generated},
            {"naming-aggregations-named", aggregations_named},
            {"naming-tables", tables},
            {"naming-table-sources", table_sources},
            {"naming-stream-table-joins", stream_table_joins},
            {"naming-table-joins", table_joins},
            {"naming-named-repartitions-optimized", named_repartitions_optimized},
            {"naming-explicit-repartition-optimized", explicit_repartition_optimized},
            {"naming-merge-optimized", merge_optimized},
            {"naming-to-table", to_table},
            {"naming-child-order", child_order},
            {"naming-sinks", sinks},
            {"naming-merged-and-not-optimized", merged_and_not_optimized},
            {"naming-filtered-merged-optimized", filtered_merged_optimized, "StreamsException"},
            {"naming-refused-store-twice", refused_store_twice},
            {"naming-refused-stream-and-table", refused_stream_and_table},
            {"naming-refused-overlap", refused_overlap},
            {"naming-refused-name-twice", refused_name_twice},
            {"naming-refused-name", refused_name},
            {"naming-refused-advance", refused_advance, "IllegalArgumentException"},
            {"naming-refused-generated-names", refused_generated_names}};
}

}  // namespace millrace::parity
