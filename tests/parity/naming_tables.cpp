// SPDX-License-Identifier: Apache-2.0

// Build only, as in the recorder's Naming.java: foreign-key joins, versioned tables.
#include "joiners.hpp"
#include "scenario.hpp"

namespace millrace::parity {
namespace {

const auto kSame = [](const std::string& v) { return v; };

Topology foreign_key_joins(Case& c) {
    const auto x = c.table("x");
    const auto y = c.table("y");
    x.join(y, kSame, Plus()).to_stream().to("a");
    x.left_join(y, kSame, Plus(), {.name = "fk"}, {.store = "fk-store"}).to_stream().to("b");
    return c.build();
}

using std::chrono::milliseconds;

auto versions(Case& c, int history) {
    return c.b.table<std::string, std::string>(
        "table", {.store = "versions", .history = milliseconds(history)});
}

Topology joined_with_grace(Case& c) {
    const auto table = versions(c, 100);
    c.stream("in").join(table, Plus(), {.name = "late", .grace = milliseconds(10)}).to("out");
    c.stream("in2").left_join(table, Plus(), {.grace = milliseconds(10)}).to("out2");
    return c.build();
}

Topology refused_long_grace(Case& c) {
    const auto table = versions(c, 10);
    c.stream("in").join(table, Plus(), {.name = "late", .grace = milliseconds(100)}).to("out");
    return c.build();
}

Topology refused_global_versioned(Case& c) {
    c.b.global_table<std::string, std::string>("g",
                                               {.store = "versions", .history = milliseconds(10)});
    return c.build();
}

}  // namespace

Scenarios naming_tables() {
    return {{"naming-foreign-key-joins", foreign_key_joins},
            {"naming-joined-with-grace", joined_with_grace},
            {"naming-refused-long-grace", refused_long_grace, "IllegalArgumentException"},
            {"naming-refused-global-versioned", refused_global_versioned}};
}

}  // namespace millrace::parity
