// SPDX-License-Identifier: Apache-2.0

// Unwindowed aggregations of streams, as in the recorder's Aggregations.java.
#include "scenario.hpp"

namespace millrace::parity {
namespace {

using KeyValue = std::pair<std::string, std::string>;

std::string latest(const std::string&, const std::string& y) {
    return y;
}

Topology count(Case& c) {
    c.stream("in").group_by_key().count().to_stream().to("out");
    return c.build();
}

Topology count_into(Case& c, Materialized<std::string, std::int64_t> options) {
    c.stream("in").group_by_key().count(std::move(options)).to_stream().to("out");
    return c.build();
}

Topology count_named(Case& c) {
    return count_into(c, {.store = "counts"});
}

Topology count_of_counts_cached(Case& c) {
    c.stream("in")
        .group_by_key()
        .count({.store = "first"})
        .to_stream()
        .map([](const std::string& k, std::int64_t v) {
            return KeyValue("n" + std::to_string(v), k);
        })
        .group_by_key()
        .count({.store = "second"})
        .to_stream()
        .to("out");
    return c.build();
}

Topology count_caching_disabled(Case& c) {
    return count_into(c, {.store = "counts", .caching = false});
}

Topology count_logging_disabled(Case& c) {
    return count_into(c, {.store = "counts", .logging = false});
}

Topology count_in_memory(Case& c) {
    return count_into(c, {.store = "counts", .engine = StoreEngine::kInMemory});
}

Topology reduce(Case& c) {
    c.stream("in")
        .group_by_key()
        .reduce([](const std::string& aggregate, const std::string& v) {
            return aggregate.size() >= 8 ? v : aggregate + v;
        })
        .to_stream()
        .to("out");
    return c.build();
}

Topology reduce_null(Case& c) {
    c.stream("in")
        .group_by_key()
        .reduce(
            [](const std::string& aggregate, const std::string& v) {
                return v == "drop" ? std::nullopt : Str(aggregate + v);
            },
            {.store = "reduced"})
        .to_stream()
        .to("out");
    return c.build();
}

Topology aggregate(Case& c) {
    c.stream("in")
        .group_by_key()
        .aggregate(std::int64_t{100},
                   [](std::int64_t sum, const std::string& v) { return sum + parse_long(v); },
                   {.store = "sums"})
        .to_stream()
        .to("out");
    return c.build();
}

Topology aggregate_null(Case& c) {
    c.stream("in")
        .group_by_key()
        .aggregate(std::int64_t{0},
                   [](std::int64_t sum, const std::string& v) {
                       return v == "0" ? std::nullopt : Long(sum + parse_long(v));
                   })
        .to_stream()
        .to("out");
    return c.build();
}

Topology aggregate_null_init(Case& c) {
    c.stream("in")
        .group_by_key()
        .aggregate(
            [] { return Str(); },
            [](const Str& aggregate, const std::string& v) { return text(aggregate) + "/" + v; },
            {.store = "agg"})
        .to_stream()
        .to("out");
    return c.build();
}

Str first_letter(const Str& v) {
    return v ? Str(head(v)) : std::nullopt;
}

Topology group_by(Case& c) {
    c.stream("in")
        .group_by([](const Str& k, const Str& v) { return v ? Str(head(v)) : k; })
        .count()
        .to_stream()
        .to("out");
    return c.build();
}

Topology group_by_named(Case& c) {
    c.stream("in")
        .map_values([](const Str& v) { return v ? Long(v->size()) : std::nullopt; })
        .group_by([](const Long& v) { return v ? "len" + text(v) : "none"; }, {.name = "by-length"})
        .reduce([](std::int64_t x, std::int64_t y) { return x + y; })
        .to_stream()
        .to("out");
    return c.build();
}

Topology two_aggregations(Case& c) {
    const auto grouped = c.stream("in").select_key(first_letter).group_by_key();
    grouped.count({.store = "counts"}).to_stream().to("counts");
    grouped.reduce(latest, {.store = "latest"}).to_stream().to("latest");
    return c.build();
}

Topology named_group_used_twice(Case& c) {
    const auto grouped = c.stream("in").group_by(first_letter, {.name = "shared"});
    grouped.count({.store = "counts"}).to_stream().to("counts");
    grouped
        .reduce([](const std::string& x, const std::string& y) { return x.size() > 6 ? y : x + y; },
                {.store = "joined"})
        .to_stream()
        .to("joined");
    return c.build();
}

Topology merge_repartitions_only(Case& c) {
    c.table("rows").filter([](const std::string& v) { return v.starts_with("p"); },
                           {.store = "kept"});
    return two_aggregations(c);
}

Topology reuse_source_topics_only(Case& c) {
    c.table("rows").to_stream_by([](const Str& v) { return v; }).to("rows-out");
    c.b.table<std::string, std::string>("more", {.store = "more-store"}).to_stream().to("more-out");
    return two_aggregations(c);
}

}  // namespace

Scenarios aggregations() {
    return {{"aggregations-count", count},
            {"aggregations-count-named", count_named},
            {"aggregations-count-cached", count_named},
            {"aggregations-count-of-counts-cached", count_of_counts_cached},
            {"aggregations-count-caching-disabled", count_caching_disabled},
            {"aggregations-count-logging-disabled", count_logging_disabled},
            {"aggregations-count-in-memory", count_in_memory},
            {"aggregations-reduce", reduce},
            {"aggregations-reduce-null", reduce_null},
            {"aggregations-aggregate", aggregate},
            {"aggregations-aggregate-null", aggregate_null},
            {"aggregations-aggregate-null-cached", aggregate_null},
            {"aggregations-aggregate-null-init", aggregate_null_init},
            {"aggregations-group-by", group_by},
            {"aggregations-group-by-named", group_by_named},
            {"aggregations-two-aggregations", two_aggregations},
            {"aggregations-two-aggregations-optimized", two_aggregations},
            {"aggregations-named-group-used-twice", named_group_used_twice},
            {"aggregations-merge-repartitions-only", merge_repartitions_only},
            {"aggregations-reuse-source-topics-only", reuse_source_topics_only}};
}

}  // namespace millrace::parity
