// SPDX-License-Identifier: Apache-2.0

// Aggregations of tables, as in the recorder's Aggregations.java.
#include "scenario.hpp"

namespace millrace::parity {
namespace {

using KeyValue = std::pair<std::string, std::string>;

KeyValue by_first_letter(const std::string& v) {
    return {head(v), v};
}

Topology table_count(Case& c) {
    c.table("in").group_by(by_first_letter).count().to_stream().to("out");
    return c.build();
}

Topology table_aggregate(Case& c) {
    c.table("in")
        .group_by([](const std::string& v) {
            return KeyValue(parse_long(v) % 2 == 0 ? "even" : "odd", v);
        })
        .aggregate(
            std::string("0"),
            [](const std::string& sum, const std::string& v) { return sum + "+" + v; },
            [](const std::string& sum, const std::string& v) {
                return sum.size() > 20 ? "cut" : sum + "-" + v;
            },
            {.store = "sums"})
        .to_stream()
        .to("out");
    return c.build();
}

Topology table_reduce(Case& c) {
    c.table("in")
        .group_by(
            [](const std::string& v) {
                return std::pair<std::string, std::int64_t>(head(v), parse_long(v.substr(1)));
            },
            {.name = "by-letter"})
        .reduce([](std::int64_t x, std::int64_t y) { return x + y; },
                [](std::int64_t x, std::int64_t y) { return x - y; })
        .to_stream()
        .to("out");
    return c.build();
}

Topology table_group_by_nulls(Case& c) {
    c.table("in")
        .group_by([](const std::string& v) {
            return std::pair<Str, Str>(
                v == "nokey" ? std::nullopt : Str("g" + std::to_string(v.size())),
                v == "noval" ? std::nullopt : Str(v));
        })
        .count()
        .to_stream()
        .to("out");
    return c.build();
}

Topology table_aggregate_null(Case& c) {
    c.table("in")
        .group_by(by_first_letter)
        .aggregate(
            std::string("i"),
            [](const std::string& aggregate, const std::string& v) { return aggregate + v; },
            [](const std::string&, const std::string&) { return Str(); }, {.store = "agg"})
        .to_stream()
        .to("out");
    return c.build();
}

Topology table_filter_count(Case& c) {
    c.table("in")
        .filter([](const std::string& v) { return !v.ends_with("2"); })
        .group_by(by_first_letter)
        .count({.store = "counts"})
        .to_stream()
        .to("out");
    return c.build();
}

Topology count_of_counts(Case& c) {
    c.stream("in")
        .group_by_key()
        .count()
        .group_by([](const std::string& k, std::int64_t v) {
            return KeyValue("n" + std::to_string(v), k);
        })
        .count()
        .to_stream()
        .to("out");
    return c.build();
}

Topology table_chain(Case& c) {
    c.table("in")
        .group_by(by_first_letter)
        .reduce([](const std::string&, const std::string& y) { return y; },
                [](const std::string& x, const std::string& y) {
                    return x == y ? std::nullopt : Str(x);
                },
                {.store = "latest"})
        .group_by([](const std::string& v) { return KeyValue(v.substr(1), v); })
        .count()
        .to_stream()
        .to("out");
    return c.build();
}

}  // namespace

Scenarios aggregations_tables() {
    return {{"aggregations-table-count", table_count},
            {"aggregations-table-aggregate", table_aggregate},
            {"aggregations-table-aggregate-cached", table_aggregate},
            {"aggregations-table-reduce", table_reduce},
            {"aggregations-table-group-by-nulls", table_group_by_nulls},
            {"aggregations-table-aggregate-null", table_aggregate_null},
            {"aggregations-table-filter-count", table_filter_count},
            {"aggregations-count-of-counts", count_of_counts},
            {"aggregations-table-chain", table_chain}};
}

}  // namespace millrace::parity
