// SPDX-License-Identifier: Apache-2.0

// Build only, as in the recorder's Naming.java: joins of streams, processors, stores.
#include "joiners.hpp"
#include "millrace/state/stores.hpp"
#include "processors.hpp"
#include "scenario.hpp"

namespace millrace::parity {
namespace {

using Pair = std::pair<Str, Str>;
using std::chrono::milliseconds;

const auto kAll = [](const Str&) { return true; };
const auto kNone = [](const Str&) { return false; };
const auto kSame = [](const Str& v) { return v; };
const auto kIgnore = [](const Str&) {};
const auto kKey = [](const Str& k, const Str&) { return k; };
const auto kPair = [](const Str& k, const Str& v) { return Pair(k, v); };
const auto kPairs = [](const Str& k, const Str& v) { return std::vector<Pair>{{k, v}}; };
const auto kOne = [](const Str& v) { return std::vector<Str>{v}; };

const JoinWindows kWindows = JoinWindows::of(milliseconds(10)).grace(milliseconds(5));

auto strings(const std::string& name, StoreEngine engine = StoreEngine::kInMemory) {
    return stores::key_value_store<std::string, std::string>(
        engine == StoreEngine::kInMemory ? stores::in_memory_key_value_store(name)
                                         : stores::persistent_key_value_store(name));
}

Topology stateless_generated(Case& c) {
    const auto x = c.stream("in")
                       .filter(kAll)
                       .filter_not(kNone)
                       .map(kPair)
                       .map_values(kSame)
                       .flat_map(kPairs)
                       .flat_map_values(kOne)
                       .select_key(kKey)
                       .peek(kIgnore);
    x.foreach (kIgnore);
    x.merge(c.stream("other")).process(simple(ignore)).repartition().to("out");
    x.split().branch(kAll).branch(kAll).otherwise();
    x.to_table().to_stream().to("table-out");
    return c.build();
}

Topology stateless_named(Case& c) {
    const auto x = c.b.stream<Str, Str>("in", {.name = "source"})
                       .filter(kAll, {.name = "filter"})
                       .filter_not(kNone, {.name = "filter-not"})
                       .map(kPair, {.name = "map"})
                       .map_values(kSame, {.name = "map-values"})
                       .flat_map(kPairs, {.name = "flat-map"})
                       .flat_map_values(kOne, {.name = "flat-map-values"})
                       .select_key(kKey, {.name = "select-key"})
                       .peek(kIgnore, {.name = "peek"});
    x.foreach (kIgnore, {.name = "foreach"});
    x.merge(c.stream("other"), {.name = "merge"})
        .process(simple(ignore), {.name = "process"})
        .repartition({.name = "repartition"})
        .to("out", {.name = "sink"});
    x.split({.name = "split-"}).branch(kAll, {.name = "one"}).branch(kAll).otherwise();
    x.to_table({.name = "to-table"}).to_stream({.name = "to-stream"}).to("table-out");
    return c.build();
}

Topology stream_joins(Case& c) {
    const auto l = c.stream("left");
    const auto r = c.stream("right");
    l.join(r, Plus(), kWindows).to("inner");
    l.left_join(r, Plus(), kWindows).to("left-out");
    l.outer_join(r, Plus(), kWindows).to("outer");
    return c.build();
}

Topology stream_joins_named(Case& c) {
    const auto l = c.stream("left").select_key(kSame);
    const auto r = c.stream("right").select_key(kSame);
    l.join(r, Plus(), kWindows, {.name = "pair"}).to("inner");
    l.outer_join(r, Plus(), kWindows, {.store = "kept"}).to("outer");
    l.left_join(r, Plus(), kWindows).to("plain");
    return c.build();
}

Topology self_join(Case& c) {
    const auto in = c.stream("in");
    in.join(in, Plus(), kWindows).to("out");
    return c.build();
}

Topology sub_topologies(Case& c) {
    c.b.add_state_store(strings("shared", StoreEngine::kRocksDb));
    c.stream("a").to("a-out");
    c.stream("b").select_key(kSame).group_by_key({.name = "cut"}).count().to_stream().to("b-out");
    c.stream("c").process(simple(ignore), {.stores = {"shared"}});
    c.stream("d").process(simple(ignore), {.stores = {"shared"}}).to("d-out");
    c.stream("e").repartition({.name = "again"}).to("e-out");
    c.b.stream<Str, Str>({"m", "n"}).to([](const Str&, const Str& v, const RecordContextView&) {
        return v.value();
    });
    return c.build();
}

Topology many_repartitions(Case& c) {
    const auto x =
        c.stream("in").map([](const Str& k, const Str& v) { return Pair(v, k); }).filter(kAll);
    x.group_by_key().count();
    x.group_by_key().reduce([](const std::string&, const std::string& q) { return q; });
    x.map_values([](const Str& v) -> Str { return text(v); })
        .group_by_key()
        .windowed_by(TimeWindows::of(milliseconds(10)).grace(milliseconds(5)))
        .count();
    x.join(c.stream("other"), Plus(), kWindows).to("out");
    return c.build();
}

Topology many_stores(Case& c) {
    std::vector<std::string> names;
    for (int i = 0; i < 15; ++i) {
        names.push_back("store-" + std::to_string(i * 37));
        c.b.add_state_store(strings(names.back()));
    }
    c.b.stream<Str, Str>({"orders", "payments", "refunds", "clicks", "users", "a", "b"})
        .process(simple(ignore), {.name = "all", .stores = names})
        .process(simple(ignore), {.name = "some", .stores = {names[3], names[1], names[7]}})
        .to("out");
    return c.build();
}

class Deaf final : public Processor<Str, Str> {
  public:
    void process(const StrRecord&) override {}
};

Topology global_stores(Case& c) {
    c.b.add_global_store<Str, Str>(strings("settings").without_logging(), "config",
                                   [] { return std::make_unique<Deaf>(); });
    c.b.global_table<std::string, std::string>("rates", {.store = "rates-store"},
                                               {.name = "rate-source"});
    c.stream("in").process(simple(ignore)).to("out");
    return c.build();
}

Topology in_memory(Case& c) {
    c.stream("in").group_by_key().count();
    const auto left = c.stream("left");
    left.outer_join(c.stream("right"), Plus(), kWindows).to("out");
    return c.build();
}

Topology aggregate_and_join_optimized(Case& c) {
    const auto x = c.stream("in").select_key(kSame);
    const auto counts = x.group_by_key().count({.store = "counts"});
    x.join(counts, [](const std::string& v, std::int64_t m) {
         return v + std::to_string(m);
     }).to("out");
    x.join(c.stream("other"), Plus(), kWindows).to("out2");
    return c.build();
}

Topology refused_join_window(Case& c) {
    const auto a = c.stream("a");
    a.join(c.stream("b"), Plus(), JoinWindows::of(milliseconds(5)).before(milliseconds(-10)))
        .to("out");
    return c.build();
}

Topology refused_unknown_store(Case& c) {
    c.stream("a").process(simple(ignore), {.stores = {"missing"}}).to("out");
    return c.build();
}

Topology refused_grace_unversioned(Case& c) {
    const auto in = c.stream("in");
    in.join(c.table("table"), Plus(), {.name = "late", .grace = milliseconds(10)}).to("out");
    return c.build();
}

Topology refused_join_store(Case& c) {
    const auto store = [](const char* name, std::int64_t retention) {
        return stores::in_memory_window_store(name, milliseconds(retention), milliseconds(20), true)
            .spec;
    };
    const auto a = c.stream("a");
    a.join(c.stream("b"), Plus(), JoinWindows::of(milliseconds(10)).grace(milliseconds(20)),
           {.this_store = store("this", 39), .other_store = store("other", 40)})
        .to("out");
    return c.build();
}

}  // namespace

Scenarios naming_more() {
    return {
        {"naming-stateless-generated", stateless_generated},
        {"naming-stateless-named", stateless_named},
        {"naming-stream-joins", stream_joins},
        {"naming-stream-joins-named", stream_joins_named},
        {"naming-self-join", self_join},
        {"naming-self-join-optimized", self_join},
        {"naming-sub-topologies", sub_topologies},
        {"naming-many-repartitions", many_repartitions},
        {"naming-many-repartitions-optimized", many_repartitions, "StreamsException"},
        {"naming-many-stores", many_stores},
        {"naming-global-stores", global_stores},
        {"naming-in-memory", in_memory},
        {"naming-aggregate-and-join-optimized", aggregate_and_join_optimized},
        {"naming-refused-join-window", refused_join_window, "IllegalArgumentException"},
        {"naming-refused-unknown-store", refused_unknown_store},
        {"naming-refused-grace-unversioned", refused_grace_unversioned, "IllegalArgumentException"},
        {"naming-refused-join-store", refused_join_store, "StreamsException"}};
}

}  // namespace millrace::parity
