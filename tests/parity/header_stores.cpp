// SPDX-License-Identifier: Apache-2.0

// Stores with the headers of the last update, as in the recorder's HeaderStores.java.
#include "joiners.hpp"
#include "millrace/state/stores.hpp"
#include "processors.hpp"
#include "scenario.hpp"

#include <chrono>

namespace millrace::parity {
namespace {

using std::chrono::milliseconds;

Topology count(Case& c) {
    c.stream("in").group_by_key().count({.store = "counts"}).to_stream().to("out");
    return c.build();
}

Topology table(Case& c) {
    c.b.table<std::string, std::string>("in", {.store = "rows"})
        .filter([](const std::string& v) { return !v.starts_with("p"); })
        .to_stream()
        .to("out");
    return c.build();
}

TimeWindows tumbling() {
    return TimeWindows::of(milliseconds(20)).grace(milliseconds(10));
}

Topology tumbling_count(Case& c) {
    c.stream("in")
        .group_by_key()
        .windowed_by(tumbling())
        .count({.store = "counts"})
        .to_stream()
        .to("out");
    return c.build();
}

Topology session_count(Case& c) {
    c.stream("in")
        .group_by_key()
        .windowed_by(SessionWindows::of(milliseconds(10)).grace(milliseconds(20)))
        .count({.store = "counts"})
        .to_stream()
        .to("out");
    return c.build();
}

Topology outer_join(Case& c) {
    const auto left = c.stream("left");
    left.outer_join(c.stream("right"), Plus(),
                    JoinWindows::of(milliseconds(10)).grace(milliseconds(20)))
        .to("out");
    return c.build();
}

Topology stream_table(Case& c) {
    const auto stream = c.stream("stream");
    stream.left_join(c.table("table"), Plus()).to("out");
    return c.build();
}

Topology table_group_by(Case& c) {
    c.table("in")
        .group_by([](const std::string& v) { return std::pair(v.substr(0, 1), v); })
        .count({.store = "counts"})
        .to_stream()
        .to("out");
    return c.build();
}

Topology foreign_key(Case& c) {
    const auto left = c.table("left");
    left.left_join(c.table("right"),
                   [](const std::string& v) {
                       return v.starts_with("-") ? std::nullopt : Str(v.substr(0, 1));
                   },
                   Plus(), {}, {.store = "joined"})
        .to_stream()
        .to("out");
    return c.build();
}

Topology suppressed(Case& c) {
    c.stream("in")
        .group_by_key()
        .windowed_by(tumbling())
        .count({.store = "counts"})
        .suppress(UntilWindowCloses{})
        .to_stream()
        .to("out");
    return c.build();
}

Topology direct(Case& c) {
    using Last = KeyValueStore<std::string, ValueTimestampHeaders<std::string>>;
    c.b.add_state_store(stores::timestamped_key_value_store_with_headers<std::string, std::string>(
        stores::persistent_key_value_store("last")));
    c.stream("in")
        .process(simple([](const StrRecord& r, StrContext& ctx) {
                     auto last = ctx.store<Last>("last");
                     const auto old = last.get(r.key.value());
                     if (r.value) {
                         last.put(*r.key, {*r.value, r.timestamp, r.headers});
                     } else {
                         last.erase(*r.key);
                     }
                     if (old) {
                         const Str value = old->value;
                         ctx.forward({r.key, value, old->timestamp, old->headers});
                     }
                 }),
                 {.stores = {"last"}})
        .to("out");
    return c.build();
}

}  // namespace

Scenarios header_stores() {
    return {{"header-stores-count", count},
            {"header-stores-count-cached", count},
            {"header-stores-table", table},
            {"header-stores-tumbling-count", tumbling_count},
            {"header-stores-session-count", session_count},
            {"header-stores-outer-join", outer_join},
            {"header-stores-stream-table", stream_table},
            {"header-stores-table-group-by", table_group_by},
            {"header-stores-foreign-key", foreign_key},
            {"header-stores-suppressed", suppressed},
            {"header-stores-direct", direct}};
}

}  // namespace millrace::parity
