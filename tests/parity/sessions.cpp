// SPDX-License-Identifier: Apache-2.0

// Session windows, as in the recorder's Sessions.java.
#include "scenario.hpp"

#include <chrono>

namespace millrace::parity {
namespace {

using std::chrono::milliseconds;

SessionWindows gap(std::int64_t length, std::int64_t grace) {
    return SessionWindows::of(milliseconds(length)).grace(milliseconds(grace));
}

SessionWindowedKStream<Str, Str> sessions_of(Case& c, SessionWindows windows) {
    return c.stream("in").group_by_key().windowed_by(windows);
}

Topology counts(Case& c, SessionWindows windows,
                Materialized<std::string, std::int64_t> options = {}) {
    sessions_of(c, windows).count(std::move(options)).to_stream().to("out");
    return c.build();
}

Topology counts_on_close(Case& c, SessionWindows windows,
                         Materialized<std::string, std::int64_t> options = {}) {
    sessions_of(c, windows)
        .emit_strategy(EmitStrategy::kOnWindowClose)
        .count(std::move(options))
        .to_stream()
        .to("out");
    return c.build();
}

/// Appends the value; starts again with an empty text above 30 bytes.
std::string add(const std::string& so_far, const Str& value) {
    return (so_far.size() > 30 ? "" : so_far) + text(value);
}

auto join_with(const char* separator) {
    return [separator](const std::string& x, const std::string& y) { return x + separator + y; };
}

Topology count(Case& c) {
    return counts(c, gap(10, 20));
}
Topology no_grace(Case& c) {
    return counts(c, gap(8, 0));
}

Topology reduce(Case& c) {
    c.stream("in")
        .filter([](const Str& v) { return v.has_value(); })
        .group_by_key()
        .windowed_by(gap(12, 30))
        .reduce([](const std::string& x,
                   const Str& y) { return x.size() + y.value().size() > 24 ? *y : x + *y; },
                {.store = "reduced"})
        .to_stream()
        .to("out");
    return c.build();
}

Topology aggregate(Case& c) {
    sessions_of(c, gap(12, 40))
        .aggregate(
            std::string("i"), add,
            [](const std::string& x, const std::string& y) { return "(" + x + "|" + y + ")"; },
            {.store = "sessions"})
        .to_stream()
        .to("out");
    return c.build();
}

Topology aggregate_null(Case& c) {
    sessions_of(c, gap(10, 20))
        .aggregate(std::string(),
                   [](const std::string& so_far, const Str& v) {
                       return v == "drop" ? std::nullopt : Str(so_far + text(v));
                   },
                   join_with(""), {.store = "sessions"})
        .to_stream()
        .to("out");
    return c.build();
}

Topology count_in_memory(Case& c) {
    return counts(
        c, gap(10, 20),
        {.store = "counts", .engine = StoreEngine::kInMemory, .retention = milliseconds(60)});
}
Topology count_cached(Case& c) {
    return counts(c, gap(10, 20), {.store = "counts"});
}
Topology on_close(Case& c) {
    return counts_on_close(c, gap(10, 5));
}

Topology on_close_aggregate(Case& c) {
    sessions_of(c, gap(6, 0))
        .emit_strategy(EmitStrategy::kOnWindowClose)
        .aggregate(std::string(), add, join_with(""), {.store = "sessions"})
        .to_stream()
        .to("out");
    return c.build();
}

Topology segments(Case& c) {
    return counts(c, gap(30'000, 60'000), {.store = "counts"});
}

Topology cogroup(Case& c) {
    const auto append = [](const char* from) {
        return [from](const std::string& so_far, const Str& v) {
            return (so_far.size() > 20 ? "" : so_far) + from + text(v);
        };
    };
    c.stream("x")
        .group_by_key()
        .cogroup<std::string>(append("x"))
        .cogroup(c.stream("y").group_by_key(), append("y"))
        .windowed_by(gap(10, 20))
        .aggregate(std::string(), join_with("~"), {.store = "cogrouped"})
        .to_stream()
        .to("out");
    return c.build();
}

Topology on_close_today(Case& c) {
    return counts_on_close(c, gap(20'000, 30'000), {.store = "counts"});
}
Topology gap_one(Case& c) {
    return counts(c, gap(1, 4));
}

Topology many_merged(Case& c) {
    sessions_of(c, gap(9, 60))
        .aggregate(std::string(), add, join_with(","), {.store = "sessions"})
        .to_stream()
        .to("out");
    return c.build();
}

Topology then_count(Case& c) {
    sessions_of(c, gap(10, 20))
        .count()
        .to_stream_by([](const SessionWindowed<std::string>& w, const Long&) {
            return w.key + "/" + std::to_string(milliseconds_of(w.window.start));
        })
        .map_values([](const Long& n) { return n ? "n" + std::to_string(*n) : "gone"; })
        .group_by_key()
        .count()
        .to_stream()
        .to("out");
    return c.build();
}

Topology all_in_memory(Case& c) {
    const auto grouped = c.stream("in").group_by_key();
    grouped.count({.store = "counts"}).to_stream().to("counts");
    grouped.windowed_by(TimeWindows::of(milliseconds(20)).grace(milliseconds(10)))
        .count({.store = "windows"})
        .to_stream()
        .to("windows");
    grouped.windowed_by(gap(10, 10)).count({.store = "sessions"}).to_stream().to("sessions");
    return c.build();
}

Topology cogroup_sliding(Case& c) {
    c.stream("x")
        .group_by_key()
        .cogroup<std::int64_t>([](std::int64_t sum, const std::string&) { return sum + 1; })
        .cogroup(c.stream("y").group_by_key(),
                 [](std::int64_t sum, const std::string&) { return sum + 100; })
        .windowed_by(SlidingWindows::of(milliseconds(10)).grace(milliseconds(10)))
        .aggregate(std::int64_t{0}, {.materialize = true})
        .to_stream()
        .to("out");
    return c.build();
}

}  // namespace

Scenarios sessions() {
    return {{"sessions-count", count},
            {"sessions-no-grace", no_grace},
            {"sessions-reduce", reduce},
            {"sessions-aggregate", aggregate},
            {"sessions-aggregate-null", aggregate_null},
            {"sessions-count-in-memory", count_in_memory},
            {"sessions-count-cached", count_cached},
            {"sessions-on-close", on_close},
            {"sessions-on-close-aggregate", on_close_aggregate},
            {"sessions-segments", segments},
            {"sessions-cogroup", cogroup},
            {"sessions-on-close-today", on_close_today},
            {"sessions-gap-one", gap_one},
            {"sessions-many-merged", many_merged},
            {"sessions-then-count", then_count},
            {"aggregations-all-in-memory", all_in_memory},
            {"windows-cogroup-sliding", cogroup_sliding}};
}

}  // namespace millrace::parity
