// SPDX-License-Identifier: Apache-2.0

// Stateless operators with repartition topics, as in the recorder's Stateless.java.
#include "scenario.hpp"

namespace millrace::parity {
namespace {

Topology repartition(Case& c) {
    c.stream("in").repartition({.name = "byhand", .partitions = 3}).to("out");
    return c.build();
}

Topology repartition_generated_name(Case& c) {
    c.stream("in")
        .select_key([](const Str& v) { return v; })
        .repartition()
        .map_values([](const Str& v) -> Str { return text(v) + "!"; })
        .to("out");
    return c.build();
}

Long length_of(const Str& v) {
    return v ? Long(static_cast<std::int64_t>(v->size())) : std::nullopt;
}

Topology repartition_serdes(Case& c) {
    c.stream("in").map_values(length_of).repartition({.name = "lengths"}).to("out");
    return c.build();
}

Topology auto_repartition(Case& c) {
    c.stream("in")
        .select_key([](const Str& v) { return v ? Str(head(v)) : std::nullopt; })
        .group_by_key()
        .count()
        .to_stream()
        .to("out");
    return c.build();
}

Topology repartition_inherited(Case& c) {
    const auto in = c.stream("in");
    const auto changed =
        in.select_key([](const Str& k, const Str&) -> Str { return text(k) + text(k); })
            .filter([](const Str& v) { return v.has_value(); })
            .map_values([](const Str& v) -> Str { return text(v) + "."; });
    changed.merge(in).group_by_key({.name = "merged"}).count().to_stream().to("merged-counts");
    in.group_by_key({.name = "plain"}).count().to_stream().to("plain-counts");
    return c.build();
}

auto prefixed(const std::string& prefix) {
    return [prefix](const Str& v) -> Str { return prefix + text(v); };
}

Topology three_repartitions(Case& c) {
    const auto in = c.stream("in");
    in.repartition({.name = "one"}).map_values(prefixed("1")).to("out");
    in.repartition({.name = "two"}).map_values(prefixed("2")).to("out");
    in.repartition({.name = "three"}).map_values(prefixed("3")).to("out");
    return c.build();
}

}  // namespace

Scenarios stateless_repartitions() {
    return {{"stateless-repartition", repartition},
            {"stateless-repartition-generated-name", repartition_generated_name},
            {"stateless-repartition-serdes", repartition_serdes},
            {"stateless-auto-repartition", auto_repartition},
            {"stateless-repartition-inherited", repartition_inherited},
            {"stateless-three-repartitions", three_repartitions}};
}

}  // namespace millrace::parity
