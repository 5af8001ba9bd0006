// SPDX-License-Identifier: Apache-2.0

// Cogroups, unwindowed and windowed, as in the recorder's Aggregations.java, Windows.java and
// Naming.java.
#include "scenario.hpp"

#include <chrono>

namespace millrace::parity {
namespace {

using std::chrono::milliseconds;

/// Appends `letter` and the value; starts again with an empty text above 20 bytes.
auto append(const char* letter) {
    return [letter](const std::string& aggregate, const Str& v) {
        return (aggregate.size() > 20 ? "" : aggregate) + letter + text(v);
    };
}

const auto kKeep = [](const std::string& aggregate, const Str&) { return aggregate; };
const auto kSame = [](const Str& v) { return v; };

Topology cogroup_two(Case& c) {
    const auto x = c.stream("x").group_by_key();
    const auto y = c.stream("y").group_by_key();
    x.cogroup<std::string>(append("x"))
        .cogroup(y, append("y"))
        .aggregate(std::string())
        .to_stream()
        .to("out");
    return c.build();
}

Topology cogroup_three(Case& c) {
    const auto x = c.stream("x").group_by_key();
    const auto y =
        c.stream("y").group_by([](const Str& k, const Str&) { return k; }, {.name = "y-by-key"});
    const auto z = c.stream("z").group_by_key();
    x.cogroup<std::int64_t>([](std::int64_t sum, const std::string&) { return sum + 1; })
        .cogroup(y, [](std::int64_t sum, const std::string&) { return sum + 10; })
        .cogroup(z, [](std::int64_t, const std::string&) { return Long(); })
        .aggregate(std::int64_t{0}, {.name = "together", .store = "cogrouped"})
        .to_stream()
        .to("out");
    return c.build();
}

Topology cogroup_cached(Case& c) {
    const auto length = [](const Str& v) { return v ? Long(v->size()) : std::nullopt; };
    const auto x = c.stream("x").group_by_key();
    const auto y = c.stream("y").map_values(length).group_by_key();
    x.cogroup<std::int64_t>([](std::int64_t sum, const std::string& v) {
         return sum + static_cast<std::int64_t>(v.size());
     })
        .cogroup(y, [](std::int64_t sum, std::int64_t v) { return sum - v; })
        .aggregate(std::int64_t{0})
        .to_stream()
        .to("out");
    return c.build();
}

Topology cogroup_tumbling(Case& c) {
    const auto x = c.stream("x").group_by_key();
    const auto y = c.stream("y").group_by_key();
    x.cogroup<std::string>(append("x"))
        .cogroup(y, append("y"))
        .windowed_by(TimeWindows::of(milliseconds(20)).grace(milliseconds(15)))
        .aggregate(std::string(), {.store = "cogrouped"})
        .to_stream()
        .to("out");
    return c.build();
}

Topology cogroup_hopping_cached(Case& c) {
    const auto x = c.stream("x").group_by_key();
    const auto y = c.stream("y").group_by_key();
    x.cogroup<std::int64_t>([](std::int64_t sum, const Str&) { return sum + 1; })
        .cogroup(y, [](std::int64_t sum, const Str&) { return sum + 100; })
        .windowed_by(
            TimeWindows::of(milliseconds(20)).grace(milliseconds(10)).advance_by(milliseconds(10)))
        .aggregate(std::int64_t{0})
        .to_stream()
        .to("out");
    return c.build();
}

Topology naming(Case& c) {
    const auto x = c.stream("x").group_by_key();
    const auto y = c.stream("y").group_by(kSame);
    x.cogroup<std::string>(kKeep).cogroup(y, kKeep).aggregate(std::string()).to_stream().to("out");
    const auto p = c.stream("p").group_by_key({.name = "gp"});
    const auto q = c.stream("q").group_by(kSame, {.name = "gq"});
    p.cogroup<std::string>(kKeep)
        .cogroup(q, kKeep)
        .windowed_by(TimeWindows::of(milliseconds(10)).grace(milliseconds(5)))
        .aggregate(std::string(), {.name = "co", .store = "co-store"});
    return c.build();
}

}  // namespace

Scenarios cogroups() {
    return {{"aggregations-cogroup-two", cogroup_two},
            {"aggregations-cogroup-three", cogroup_three},
            {"aggregations-cogroup-cached", cogroup_cached},
            {"windows-cogroup-tumbling", cogroup_tumbling},
            {"windows-cogroup-hopping-cached", cogroup_hopping_cached},
            {"naming-cogroup", naming}};
}

}  // namespace millrace::parity
