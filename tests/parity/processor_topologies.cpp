// SPDX-License-Identifier: Apache-2.0

// Topologies built node by node, as in the recorder's Processors.java and Naming.java.
#include "millrace/dsl/topology_builder.hpp"
#include "millrace/state/stores.hpp"
#include "processors.hpp"
#include "scenario.hpp"

namespace millrace::parity {
namespace {

using Strings = KeyValueStore<std::string, std::string>;

auto strings(const char* name) {
    return stores::key_value_store<std::string, std::string>(
        stores::in_memory_key_value_store(name));
}

Topology forward_by_name(Case&) {
    TopologyBuilder t;
    t.add_source<Str, Str>("src", "in");
    t.add_processor("route", simple([](const StrRecord& r, StrContext& ctx) {
                        if (!r.value) {
                            ctx.forward(r, "nulls");
                        } else if (starts_with(r.value, "p")) {
                            ctx.forward(r, "shout");
                        } else {
                            ctx.forward(r);
                        }
                    }),
                    {"src"});
    t.add_processor("shout", simple([](const StrRecord& r, StrContext& ctx) {
                        emit_value(ctx, r, upper_case(r.value) + "!");
                    }),
                    {"route"});
    t.add_sink<Str, Str>("nulls", "nulls", {"route"});
    t.add_sink<Str, Str>("loud", "loud", {"shout"});
    t.add_sink<Str, Str>("all", "all", {"route", "shout"});
    return t.build();
}

class Feeding final : public Processor<Str, Str> {
  public:
    void process(const StrRecord& r) override {
        if (r.key) {
            auto store = context().store<Strings>("fed");
            if (r.value) {
                store.put(*r.key, *r.value);
            } else {
                store.erase(*r.key);
            }
        }
    }
};

Topology read_only_store(Case&) {
    TopologyBuilder t;
    t.add_read_only_store<Str, Str>(strings("fed"), "feed-source", "feed", "feed-update",
                                    [] { return std::make_unique<Feeding>(); });
    t.add_source<Str, Str>("src", "in");
    t.add_processor("look", simple([](const StrRecord& r, StrContext& ctx) {
                        emit_value(ctx, r,
                                   r.key ? text(ctx.store<Strings>("fed").get(*r.key)) : "?");
                    }),
                    {"src"});
    t.connect("look", {"fed"});
    t.add_sink<Str, Str>("sink", "out", {"look"});
    return t.build();
}

Topology processor_topology(Case&) {
    TopologyBuilder t;
    t.add_source<Str, Str>("s1", {"a", "b"});
    t.add_source<Str, Str>("s2", "c");
    t.add_processor("p1", simple(ignore), {"s1"});
    t.add_processor("p2", simple(ignore), {"s1", "s2"});
    t.add_state_store(strings("x"), {"p1"});
    t.add_state_store(strings("y"), {"p1", "p2"});
    t.add_sink<Str, Str>("k1", "out", {"p1", "p2"});
    t.add_sink<Str, Str>("k2", "out2", {"s2"});
    return t.build();
}

}  // namespace

Scenarios processor_topologies() {
    return {{"processors-forward-by-name", forward_by_name},
            {"processors-read-only-store", read_only_store},
            {"naming-processor-topology", processor_topology}};
}

}  // namespace millrace::parity
