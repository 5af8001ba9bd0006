// SPDX-License-Identifier: Apache-2.0

// Build only, as in the recorder's Naming.java: joins on foreign keys, tables that keep versions.
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

}  // namespace

Scenarios naming_tables() {
    return {{"naming-foreign-key-joins", foreign_key_joins}};
}

}  // namespace millrace::parity
