// SPDX-License-Identifier: Apache-2.0

// Tumbling, hopping and unlimited windows with a result for each update, as in the recorder's
// Windows.java.
#include "scenario.hpp"

#include <chrono>

namespace millrace::parity {
namespace {

using std::chrono::milliseconds;
using Counts = KTable<Windowed<std::string>, std::int64_t, Removals::kNever>;

TimeWindows tumbling(std::int64_t size, std::int64_t grace) {
    return TimeWindows::of(milliseconds(size)).grace(milliseconds(grace));
}

TimeWindows hopping(std::int64_t size, std::int64_t grace, std::int64_t advance) {
    return tumbling(size, grace).advance_by(milliseconds(advance));
}

template <class Windows>
Counts counts(Case& c, Windows windows, Materialized<std::string, std::int64_t> options = {}) {
    return c.stream("in").group_by_key().windowed_by(windows).count(std::move(options));
}

template <class Windows>
Topology count(Case& c, Windows windows, Materialized<std::string, std::int64_t> options = {}) {
    counts(c, windows, std::move(options)).to_stream().to("out");
    return c.build();
}

/// Appends; starts again with an empty text above `longest` bytes.
auto append_up_to(std::size_t longest) {
    return [longest](const std::string& x, const Str& y) {
        return x.size() > longest ? y.value() : x + y.value();
    };
}

KStream<Str, Str> not_null(Case& c) {
    return c.stream("in").filter([](const Str& v) { return v.has_value(); });
}

Topology tumbling_count(Case& c) {
    return count(c, tumbling(20, 15));
}

Topology tumbling_no_grace(Case& c) {
    return count(c, tumbling(10, 0));
}

Topology tumbling_reduce_in_memory(Case& c) {
    not_null(c)
        .group_by_key()
        .windowed_by(tumbling(20, 30))
        .reduce(append_up_to(10), {.store = "reduced", .engine = StoreEngine::kInMemory})
        .to_stream()
        .to("out");
    return c.build();
}

Topology tumbling_reduce_nulls(Case& c) {
    c.stream("in")
        .group_by_key()
        .windowed_by(tumbling(30, 30))
        .reduce([](const std::string& x,
                   const Str& y) { return !y ? std::nullopt : Str(x.size() > 10 ? *y : x + *y); },
                {.store = "reduced"})
        .to_stream()
        .to("out");
    return c.build();
}

Topology tumbling_aggregate_null(Case& c) {
    c.stream("in")
        .group_by_key()
        .windowed_by(tumbling(25, 10))
        .aggregate(std::int64_t{0},
                   [](std::int64_t sum, const Str& v) {
                       return v == "drop" ? std::nullopt : Long(sum + parse_long(v.value()));
                   })
        .to_stream()
        .to("out");
    return c.build();
}

Topology tumbling_count_cached(Case& c) {
    return count(c, tumbling(20, 15), {.store = "counts"});
}

Topology tumbling_retention(Case& c) {
    return count(c, tumbling(10, 5),
                 {.store = "counts", .logging = false, .retention = milliseconds(100)});
}

Topology hopping_count(Case& c) {
    return count(c, hopping(30, 20, 10));
}

Topology hopping_uneven(Case& c) {
    return count(c, hopping(10, 12, 7));
}

Topology hopping_by_one(Case& c) {
    return count(c, hopping(4, 3, 1));
}

Topology hopping_partly_late(Case& c) {
    not_null(c)
        .group_by_key()
        .windowed_by(hopping(20, 0, 5))
        .reduce(append_up_to(10))
        .to_stream()
        .to("out");
    return c.build();
}

Topology tumbling_segments(Case& c) {
    return count(c, tumbling(60'000, 90'000), {.store = "counts"});
}

Topology tumbling_segments_in_memory(Case& c) {
    return count(c, tumbling(60'000, 90'000),
                 {.store = "counts", .engine = StoreEngine::kInMemory});
}

Topology operator_stream_time(Case& c) {
    const auto in = c.stream("in");
    in.group_by_key().windowed_by(tumbling(10, 0)).count({.store = "all"}).to_stream().to("all");
    in.filter([](const Str& k, const Str&) { return k == "a" || k == "b"; })
        .group_by_key()
        .windowed_by(tumbling(10, 0))
        .count({.store = "some"})
        .to_stream()
        .to("some");
    return c.build();
}

Topology windowed_to_plain_key(Case& c) {
    counts(c, tumbling(20, 15))
        .to_stream_by([](const Windowed<std::string>& key, std::int64_t) {
            return key.key + "@" + std::to_string(milliseconds_of(key.window.start)) + "/" +
                   std::to_string(milliseconds_of(key.window.end));
        })
        .to("out");
    return c.build();
}

Topology windowed_then_count(Case& c) {
    counts(c, tumbling(20, 15))
        .to_stream()
        .select_key([](const Windowed<std::string>& key, std::int64_t) {
            return "w" + std::to_string(milliseconds_of(key.window.start));
        })
        .group_by_key()
        .reduce([](std::int64_t x, std::int64_t y) { return x + y; })
        .to_stream()
        .to("out");
    return c.build();
}

Topology unlimited_count(Case& c) {
    return count(c, UnlimitedWindows::of());
}

Topology unlimited_start_on(Case& c) {
    not_null(c)
        .group_by_key()
        .windowed_by(UnlimitedWindows::of().start_on(timestamp_of(100)))
        .reduce(append_up_to(12))
        .to_stream()
        .to("out");
    return c.build();
}

Topology tumbling_one(Case& c) {
    return count(c, tumbling(1, 2));
}

Topology late_by_stream_time(Case& c) {
    return count(c, tumbling(10, 0));
}

Topology filtered_windows(Case& c) {
    counts(c, tumbling(20, 15), {.store = "counts"})
        .filter([](std::int64_t n) { return n % 2 == 0; })
        .to_stream()
        .to("out");
    return c.build();
}

Topology joined_windows(Case& c) {
    const auto x =
        c.stream("x").group_by_key().windowed_by(tumbling(20, 15)).count({.store = "xs"});
    const auto y =
        c.stream("y").group_by_key().windowed_by(tumbling(20, 15)).count({.store = "ys"});
    x.outer_join(y,
                 [](const std::int64_t* m, const std::int64_t* n) {
                     return (m ? std::to_string(*m) : "null") + "/" +
                            (n ? std::to_string(*n) : "null");
                 })
        .to_stream()
        .to("out");
    return c.build();
}

}  // namespace

Scenarios windows() {
    return {{"windows-tumbling-count", tumbling_count},
            {"windows-tumbling-no-grace", tumbling_no_grace},
            {"windows-tumbling-reduce-in-memory", tumbling_reduce_in_memory},
            {"windows-tumbling-reduce-nulls", tumbling_reduce_nulls},
            {"windows-tumbling-aggregate-null", tumbling_aggregate_null},
            {"windows-tumbling-count-cached", tumbling_count_cached},
            {"windows-tumbling-retention", tumbling_retention},
            {"windows-hopping-count", hopping_count},
            {"windows-hopping-uneven", hopping_uneven},
            {"windows-hopping-by-one", hopping_by_one},
            {"windows-hopping-partly-late", hopping_partly_late},
            {"windows-tumbling-segments", tumbling_segments},
            {"windows-tumbling-segments-in-memory", tumbling_segments_in_memory},
            {"windows-operator-stream-time", operator_stream_time},
            {"windows-windowed-to-plain-key", windowed_to_plain_key},
            {"windows-windowed-then-count", windowed_then_count},
            {"windows-unlimited-count", unlimited_count},
            {"windows-unlimited-start-on", unlimited_start_on},
            {"windows-tumbling-today", tumbling_segments},
            {"windows-tumbling-one", tumbling_one},
            {"windows-late-by-stream-time", late_by_stream_time},
            {"windows-filtered-windows", filtered_windows},
            {"windows-joined-windows", joined_windows}};
}

}  // namespace millrace::parity
