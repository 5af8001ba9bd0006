// SPDX-License-Identifier: Apache-2.0

// Joins of a stream with tables and global tables, as in the recorder's Joins.java.
#include "joiners.hpp"
#include "scenario.hpp"

namespace millrace::parity {
namespace {

const auto kKeyed = [](const Str& key, const std::string& left, const std::string& right) {
    return text(key) + ":" + left + "+" + right;
};

Topology table_inner(Case& c) {
    const auto stream = c.stream("stream");
    stream.join(c.table("table"), kKeyed).to("out");
    return c.build();
}

Topology table_left(Case& c) {
    const auto stream = c.stream("stream");
    stream.left_join(c.table("table"), Plus()).to("out");
    return c.build();
}

Topology table_left_repartitioned(Case& c) {
    const auto stream = c.stream("stream").select_key(
        [](const Str& k, const Str& v) { return !v || v->starts_with("p") ? std::nullopt : k; });
    stream.left_join(c.table("table"), Plus(), {.name = "enriched"}).to("out");
    return c.build();
}

Topology table_derived(Case& c) {
    const auto table = c.table("table")
                           .filter([](const std::string& v) { return !v.starts_with("p"); })
                           .map_values([](const std::string& v) { return v + "'"; });
    c.stream("stream").left_join(table, Plus()).to("out");
    return c.build();
}

Topology table_of_itself(Case& c) {
    const auto in = c.stream("in");
    const auto counts = in.group_by_key().count();
    in.join(counts, [](const std::string& v, std::int64_t n) {
          return v + "#" + std::to_string(n);
      }).to("out");
    return c.build();
}

Topology table_joined_twice(Case& c) {
    const auto table = c.table("table");
    const auto joined = c.stream("stream").join(table, Plus());
    joined.left_join(c.table("more"), Plus()).to("out");
    return c.build();
}

auto global_table(Case& c, Materialized<std::string, std::string> options = {}) {
    return c.b.global_table<std::string, std::string>("global", std::move(options));
}

Topology global_inner(Case& c) {
    const auto global = global_table(c);
    c.stream("stream").join(global, [](const std::string& v) { return head(v); }, kKeyed).to("out");
    return c.build();
}

Topology global_left(Case& c) {
    const auto global = global_table(c, {.store = "everywhere"});
    c.stream("stream")
        .left_join(
            global,
            [](const std::string& v) { return v.starts_with("s") ? std::nullopt : Str(head(v)); },
            Plus())
        .to("out");
    return c.build();
}

Topology global_then_group(Case& c) {
    const auto global = global_table(c);
    c.stream("stream")
        .select_key([](const Str& v) { return v ? Str(head(v)) : std::nullopt; })
        .join(
            global, [](const std::string&) { return std::string("a"); }, Plus())
        .group_by_key()
        .count()
        .to_stream()
        .to("out");
    return c.build();
}

}  // namespace

Scenarios joins_tables() {
    return {{"joins-table-inner", table_inner},
            {"joins-table-left", table_left},
            {"joins-table-left-repartitioned", table_left_repartitioned},
            {"joins-table-derived", table_derived},
            {"joins-table-of-itself", table_of_itself},
            {"joins-table-joined-twice", table_joined_twice},
            {"joins-global-inner", global_inner},
            {"joins-global-left", global_left},
            {"joins-global-then-group", global_then_group}};
}

}  // namespace millrace::parity
