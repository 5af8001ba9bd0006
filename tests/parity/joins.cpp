// SPDX-License-Identifier: Apache-2.0

// Joins of two streams, as in the recorder's Joins.java.
#include "joiners.hpp"
#include "millrace/state/stores.hpp"
#include "scenario.hpp"

#include <chrono>

namespace millrace::parity {
namespace {

using std::chrono::milliseconds;

JoinWindows within(std::int64_t difference, std::int64_t grace) {
    return JoinWindows::of(milliseconds(difference)).grace(milliseconds(grace));
}

template <class Options = StreamJoined<Str, Str, Str>>
Topology inner_of(Case& c, const JoinWindows& windows, Options options = {}) {
    const auto left = c.stream("left");
    left.join(c.stream("right"), Plus(), windows, std::move(options)).to("out");
    return c.build();
}

template <class Options = StreamJoined<Str, Str, Str>>
Topology left_of(Case& c, const JoinWindows& windows, Options options = {}) {
    const auto left = c.stream("left");
    left.left_join(c.stream("right"), Plus(), windows, std::move(options)).to("out");
    return c.build();
}

template <class Options = StreamJoined<Str, Str, Str>>
Topology outer_of(Case& c, const JoinWindows& windows, Options options = {}) {
    const auto left = c.stream("left");
    left.outer_join(c.stream("right"), Plus(), windows, std::move(options)).to("out");
    return c.build();
}

Topology inner(Case& c) {
    return inner_of(c, within(10, 20));
}
// Kafka Streams' JoinWindows.of, which keeps records for a day.
JoinWindows eager() {
    return JoinWindows::of(milliseconds(10))
        .grace(std::chrono::hours(24) - milliseconds(20))
        .unmatched_at_once();
}

Topology left_eager(Case& c) {
    const auto l = c.stream("left");
    l.left_join(c.stream("right"), Plus(), eager()).to("out");
    return c.build();
}

Topology outer_eager(Case& c) {
    const auto l = c.stream("left");
    l.outer_join(c.stream("right"), Plus(), eager()).to("out");
    return c.build();
}

Topology left(Case& c) {
    return left_of(c, within(10, 20));
}
Topology outer(Case& c) {
    return outer_of(c, within(10, 20));
}

Topology inner_duplicates(Case& c) {
    const auto l = c.stream("left");
    const auto r = c.stream("right");
    l.join(
         r,
         [](const Str& key, const std::string& x, const std::string& y) {
             return text(key) + ":" + x + "+" + y;
         },
         within(5, 0))
        .to("out");
    return c.build();
}

Topology left_no_grace(Case& c) {
    return left_of(c, within(5, 0));
}
Topology outer_no_grace(Case& c) {
    return outer_of(c, within(5, 0));
}
Topology inner_before_zero(Case& c) {
    return inner_of(c, within(15, 10).before(milliseconds(0)));
}
Topology left_after_zero(Case& c) {
    return left_of(c, within(15, 10).after(milliseconds(0)));
}
Topology outer_asymmetric(Case& c) {
    return outer_of(c, within(5, 5).after(milliseconds(20)));
}
Topology inner_negative_before(Case& c) {
    return inner_of(c, within(20, 10).before(milliseconds(-5)));
}
Topology left_negative_before(Case& c) {
    return left_of(c, within(20, 10).before(milliseconds(-5)));
}
Topology inner_zero(Case& c) {
    return inner_of(c, within(0, 5));
}
Topology left_throttled(Case& c) {
    return left_of(c, within(10, 5));
}

Topology outer_in_memory(Case& c) {
    const auto store = [](const char* name) {
        return stores::in_memory_window_store(name, milliseconds(40), milliseconds(20), true).spec;
    };
    return outer_of(
        c, within(10, 20),
        StreamJoined<Str, Str, Str>{.this_store = store("this"), .other_store = store("other")});
}

Topology inner_segments(Case& c) {
    return inner_of(c, within(60'000, 60'000));
}
Topology outer_segments(Case& c) {
    return outer_of(c, within(60'000, 60'000));
}
Topology inner_named(Case& c) {
    return inner_of(c, within(10, 20),
                    StreamJoined<Str, Str, Str>{.name = "pair", .store = "pair-store"});
}
Topology outer_logging_disabled(Case& c) {
    return outer_of(c, within(10, 20), StreamJoined<Str, Str, Str>{.logging = false});
}
Topology outer_today(Case& c) {
    return outer_of(c, within(30'000, 60'000));
}

Str first_letter(const Str& v) {
    return v ? Str(head(v)) : std::nullopt;
}
Str letter_but_p(const Str& v) {
    return !v || v->starts_with("p") ? std::nullopt : Str(head(v));
}

Topology inner_repartitioned(Case& c) {
    const auto l = c.stream("left").select_key(first_letter);
    const auto r =
        c.stream("right").map([](const Str& v) { return std::pair(first_letter(v), v); });
    l.join(r, Plus(), within(10, 20)).to("out");
    return c.build();
}

Topology left_repartitioned(Case& c) {
    const auto l = c.stream("left").select_key(letter_but_p);
    const auto r = c.stream("right").select_key(letter_but_p);
    l.left_join(r, Plus(), within(10, 20)).to("out");
    return c.build();
}

Topology outer_repartitioned(Case& c) {
    const auto l = c.stream("left").select_key(letter_but_p);
    const auto r = c.stream("right").select_key(letter_but_p);
    l.outer_join(r, Plus(), within(10, 20)).to("out");
    return c.build();
}

Topology self(Case& c) {
    const auto in = c.stream("in");
    in.join(in, Plus(), within(8, 10)).to("out");
    return c.build();
}

Topology self_optimized_asymmetric(Case& c) {
    const auto in = c.stream("in");
    in.join(in, Plus(), within(4, 10).after(milliseconds(12))).to("out");
    return c.build();
}

Topology self_left(Case& c) {
    const auto in = c.stream("in");
    in.left_join(in, Plus(), within(8, 10)).to("out");
    return c.build();
}

Topology self_outer_optimized(Case& c) {
    const auto in = c.stream("in");
    in.outer_join(in, Plus(), within(8, 10)).to("out");
    return c.build();
}

Topology three_way(Case& c) {
    const auto x = c.stream("x");
    const auto y = c.stream("y");
    const auto z = c.stream("z");
    x.join(y, Plus(), within(10, 10)).outer_join(z, Plus(), within(15, 10)).to("out");
    return c.build();
}

Topology joined_twice_optimized(Case& c) {
    const auto l = c.stream("left").select_key(first_letter);
    const auto x = c.stream("x");
    const auto y = c.stream("y");
    l.join(x, Plus(), within(10, 20)).to("out-x");
    l.left_join(y, Plus(), within(10, 20)).to("out-y");
    return c.build();
}

Topology left_typed(Case& c) {
    const auto l = c.stream("left");
    const auto r = c.stream("right").map_values(
        [](const Str& v) { return v ? Long(v->size()) : std::nullopt; });
    l.left_join(
         r,
         [](const std::string& x, const std::int64_t* n) {
             return x + "*" + (n != nullptr ? std::to_string(*n) : "null");
         },
         within(10, 10))
        .to("out");
    return c.build();
}

Topology inner_then_window(Case& c) {
    const auto l = c.stream("left");
    l.join(c.stream("right"), Plus(), within(15, 10))
        .group_by_key()
        .windowed_by(TimeWindows::of(milliseconds(20)))
        .count()
        .to_stream()
        .to("out");
    return c.build();
}

Topology left_then_table(Case& c) {
    const auto l = c.stream("left");
    const auto joined = l.left_join(c.stream("right"), Plus(), within(10, 5));
    joined.left_join(c.table("table"), Plus()).to("out");
    return c.build();
}

Topology left_of_branches(Case& c) {
    const auto in = c.stream("in");
    const auto l =
        in.filter([](const Str& v) { return !v || v->starts_with("p") || v->starts_with("q"); });
    const auto r = in.filter([](const Str& v) { return v && v->starts_with("r"); });
    l.left_join(r, Plus(), within(10, 10)).to("out");
    return c.build();
}

Topology outer_long_keys(Case& c) {
    const auto l = c.b.stream<Long, Str>("left");
    const auto r = c.b.stream<Long, Str>("right");
    l.outer_join(r, Plus(), within(10, 10)).to("out");
    return c.build();
}

}  // namespace

Scenarios joins() {
    return {{"joins-inner", inner},
            {"joins-left-eager", left_eager},
            {"joins-outer-eager", outer_eager},
            {"joins-left", left},
            {"joins-outer", outer},
            {"joins-inner-duplicates", inner_duplicates},
            {"joins-left-no-grace", left_no_grace},
            {"joins-outer-no-grace", outer_no_grace},
            {"joins-inner-before-zero", inner_before_zero},
            {"joins-left-after-zero", left_after_zero},
            {"joins-outer-asymmetric", outer_asymmetric},
            {"joins-inner-negative-before", inner_negative_before},
            {"joins-left-negative-before", left_negative_before},
            {"joins-inner-zero", inner_zero},
            {"joins-left-throttled", left_throttled},
            {"joins-outer-in-memory", outer_in_memory},
            {"joins-inner-segments", inner_segments},
            {"joins-outer-segments", outer_segments},
            {"joins-inner-named", inner_named},
            {"joins-outer-logging-disabled", outer_logging_disabled},
            {"joins-outer-today", outer_today},
            {"joins-inner-repartitioned", inner_repartitioned},
            {"joins-left-repartitioned", left_repartitioned},
            {"joins-outer-repartitioned", outer_repartitioned},
            {"joins-self", self},
            {"joins-self-optimized", self},
            {"joins-self-optimized-asymmetric", self_optimized_asymmetric},
            {"joins-self-left", self_left},
            {"joins-self-left-optimized", self_left},
            {"joins-self-outer-optimized", self_outer_optimized},
            {"joins-three-way", three_way},
            {"joins-joined-twice-optimized", joined_twice_optimized},
            {"joins-left-all-in-memory", left},
            {"joins-left-typed", left_typed},
            {"joins-inner-then-window", inner_then_window},
            {"joins-left-then-table", left_then_table},
            {"joins-left-of-branches", left_of_branches},
            {"joins-outer-long-keys", outer_long_keys}};
}

}  // namespace millrace::parity
