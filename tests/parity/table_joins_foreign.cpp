// SPDX-License-Identifier: Apache-2.0

// Foreign-key joins of tables, as in the recorder's TableJoins.java.
#include "joiners.hpp"
#include "scenario.hpp"

namespace millrace::parity {
namespace {

using Table = KTable<std::string, std::string>;

Topology out(Case& c, const Table& table) {
    table.to_stream().to("out");
    return c.build();
}

/// Values of the left table are a foreign key and a digit, or "-".
const auto kFirst = [](const std::string& v) {
    return v.starts_with("-") ? std::nullopt : Str(head(v));
};
const auto kLast = [](const std::string& v) { return v.substr(v.size() - 1); };

Topology foreign_inner(Case& c) {
    const auto left = c.table("left");
    return out(c, left.join(c.table("right"), kFirst, Plus()));
}

Topology foreign_left_join(Case& c) {
    const auto left = c.table("left");
    return out(c, left.left_join(c.table("right"), kFirst, Plus()));
}

Topology foreign_inner_materialized(Case& c) {
    const auto left = c.table("left");
    return out(c, left.join(c.table("right"), kFirst, Plus(), {.name = "fk"}, {.store = "joined"}));
}

Topology foreign_left_cached(Case& c) {
    const auto left = c.table("left");
    return out(c, left.left_join(c.table("right"), kFirst, Plus(), {}, {.store = "joined"}));
}

Topology foreign_key_and_value(Case& c) {
    const auto left = c.table("left");
    return out(c, left.join(
                      c.table("right"),
                      [](const std::string& k, const std::string& v) {
                          return k == "a" ? Str("x") : kFirst(v);
                      },
                      Plus()));
}

Topology foreign_long_keys(Case& c) {
    const auto right = c.b.table<std::int64_t, std::string>("right");
    return out(c, c.table("left").join(right, parse_long, Plus()));
}

Topology foreign_versioned(Case& c) {
    using std::chrono::milliseconds;
    const auto left = c.b.table<std::string, std::string>(
        "left", {.store = "left-versions", .history = milliseconds(100)});
    const auto right = c.b.table<std::string, std::string>(
        "right", {.store = "right-versions", .history = milliseconds(100)});
    return out(c, left.left_join(right, kFirst, Plus()));
}

Topology foreign_twice(Case& c) {
    const auto third = c.table("third");
    const auto left = c.table("left");
    return out(c, left.join(c.table("right"), kFirst, Plus())
                      .left_join(third, kLast, [](const std::string& v, const std::string* t) {
                          return v + "/" + text(t);
                      }));
}

Topology foreign_self(Case& c) {
    const auto table = c.table("in");
    return out(c, table.left_join(table, kFirst, Plus()));
}

Topology foreign_then_group_by(Case& c) {
    const auto left = c.table("left");
    left.join(c.table("right"), kFirst, Plus())
        .group_by([](const std::string& v) { return std::pair(kLast(v), v); })
        .count({.store = "per-right"})
        .to_stream()
        .to("out");
    return c.build();
}

Topology foreign_prefixes(Case& c) {
    const auto left = c.table("left");
    return out(c, left.left_join(
                      c.table("right"),
                      [](const std::string& v) { return v.substr(0, v.size() - 1); }, Plus()));
}

Topology foreign_of_counts(Case& c) {
    const auto counts = c.stream("in").group_by_key().count({.store = "counts"});
    const auto right = c.b.table<std::int64_t, std::string>("right");
    return out(c, counts.left_join(
                      right, [](std::int64_t n) { return n; },
                      [](std::int64_t n, const std::string* r) {
                          return std::to_string(n) + "+" + text(r);
                      },
                      {}, {.store = "joined"}));
}

}  // namespace

Scenarios table_joins_foreign() {
    return {{"table-joins-foreign-inner", foreign_inner},
            {"table-joins-foreign-left-join", foreign_left_join},
            {"table-joins-foreign-inner-materialized", foreign_inner_materialized},
            {"table-joins-foreign-left-cached", foreign_left_cached},
            {"table-joins-foreign-key-and-value", foreign_key_and_value},
            {"table-joins-foreign-long-keys", foreign_long_keys},
            {"table-joins-foreign-versioned", foreign_versioned},
            {"table-joins-foreign-twice", foreign_twice},
            {"table-joins-foreign-self", foreign_self},
            {"table-joins-foreign-then-group-by", foreign_then_group_by},
            {"table-joins-foreign-prefixes", foreign_prefixes},
            {"table-joins-foreign-many-rows", foreign_inner},
            {"table-joins-foreign-left-in-memory", foreign_left_join},
            {"table-joins-foreign-of-counts", foreign_of_counts}};
}

}  // namespace millrace::parity
