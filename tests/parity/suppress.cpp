// SPDX-License-Identifier: Apache-2.0

// Suppression, as in the recorder's Suppress.java.
#include "scenario.hpp"

#include <chrono>
#include <utility>

namespace millrace::parity {
namespace {

using std::chrono::milliseconds;

TimeWindows tumbling(std::int64_t size, std::int64_t grace) {
    return TimeWindows::of(milliseconds(size)).grace(milliseconds(grace));
}

SessionWindows gap(std::int64_t length, std::int64_t grace) {
    return SessionWindows::of(milliseconds(length)).grace(milliseconds(grace));
}

template <class Windows>
auto counts(Case& c, Windows windows, Materialized<std::string, std::int64_t> options = {}) {
    return c.stream("in").group_by_key().windowed_by(windows).count(std::move(options));
}

template <class Windows>
Topology final_counts(Case& c, Windows windows, UntilWindowCloses close = {},
                      Materialized<std::string, std::int64_t> options = {}) {
    counts(c, windows, std::move(options)).suppress(std::move(close)).to_stream().to("out");
    return c.build();
}

Topology limited(Case& c, UntilTimeLimit limit) {
    c.table("in").suppress(std::move(limit)).to_stream().to("out");
    return c.build();
}

Topology tumbling_final(Case& c) {
    return final_counts(c, tumbling(20, 10));
}
Topology hopping_final(Case& c) {
    return final_counts(c, tumbling(20, 0).advance_by(milliseconds(10)),
                        {.name = "final", .logging = false});
}
Topology sliding_final(Case& c) {
    return final_counts(c, SlidingWindows::of(milliseconds(10)).grace(milliseconds(10)));
}
Topology session_final(Case& c) {
    return final_counts(c, gap(10, 10));
}
Topology tumbling_final_cached(Case& c) {
    return final_counts(c, tumbling(20, 10), {}, {.store = "counts"});
}
Topology session_final_cached(Case& c) {
    return final_counts(c, gap(10, 10), {}, {.store = "counts"});
}
Topology time_limit(Case& c) {
    return limited(c, {.limit = milliseconds(20)});
}
Topology time_limit_zero(Case& c) {
    return limited(c, {});
}
Topology max_records_early(Case& c) {
    return limited(c, {.limit = milliseconds(100), .max_records = 3});
}
Topology max_bytes_early(Case& c) {
    return limited(c, {.limit = milliseconds(100), .max_bytes = 300});
}
Topology max_both(Case& c) {
    return limited(c, {.limit = milliseconds(60), .max_records = 4, .max_bytes = 260});
}
Topology shut_down_when_full(Case& c) {
    return final_counts(c, tumbling(50, 50), {.max_records = 6});
}

Topology chained(Case& c) {
    c.table("in")
        .suppress(UntilTimeLimit{.limit = milliseconds(10), .name = "first", .max_records = 4})
        .suppress(UntilTimeLimit{.limit = milliseconds(15)})
        .filter([](const std::string& v) { return !v.starts_with("p"); })
        .map_values([](const std::string& v) { return v + "!"; }, {.store = "mapped"})
        .to_stream()
        .to("out");
    return c.build();
}

Topology then_group_by(Case& c) {
    c.table("in")
        .suppress(UntilTimeLimit{.limit = milliseconds(15)})
        .group_by([](const std::string& v) { return std::pair(v.substr(0, 1), v); })
        .count()
        .to_stream()
        .to("out");
    return c.build();
}

Topology then_join(Case& c) {
    const auto left = c.table("left").suppress(UntilTimeLimit{.limit = milliseconds(15)});
    left.left_join(c.table("right"),
                   [](const std::string& l, const std::string* r) {
                       return l + "+" + (r != nullptr ? *r : "null");
                   })
        .to_stream()
        .to("out");
    return c.build();
}

Topology final_then_count(Case& c) {
    counts(c, tumbling(20, 5), {.store = "counts"})
        .suppress(UntilWindowCloses{})
        .group_by([](const Windowed<std::string>& w, std::int64_t n) {
            return std::pair("n" + std::to_string(n), w.key);
        })
        .count()
        .to_stream()
        .to("out");
    return c.build();
}

Topology time_limit_windowed(Case& c) {
    counts(c, tumbling(20, 15))
        .suppress(UntilTimeLimit{.limit = milliseconds(12), .max_records = 5})
        .to_stream()
        .to("out");
    return c.build();
}

Topology naming(Case& c) {
    c.table("a").suppress(UntilTimeLimit{.limit = milliseconds(5)}).to_stream().to("a-out");
    c.table("b")
        .suppress(UntilTimeLimit{.limit = milliseconds(5), .name = "held"})
        .to_stream()
        .to("b-out");
    return c.build();
}

Topology naming_windowed(Case& c) {
    const auto grouped = c.stream("in").group_by_key();
    grouped.windowed_by(tumbling(10, 5)).count();
    grouped.windowed_by(SlidingWindows::of(milliseconds(10)).grace(milliseconds(5)))
        .reduce([](const std::string&, const std::string& y) { return y; });
    grouped.windowed_by(gap(10, 5))
        .count()
        .suppress(UntilWindowCloses{})
        .to_stream_by([](const SessionWindowed<std::string>& w, std::int64_t) { return w.key; })
        .to("out");
    return c.build();
}

}  // namespace

Scenarios suppress() {
    return {{"suppress-tumbling-final", tumbling_final},
            {"suppress-hopping-final", hopping_final},
            {"suppress-sliding-final", sliding_final},
            {"suppress-session-final", session_final},
            {"suppress-tumbling-final-cached", tumbling_final_cached},
            {"suppress-session-final-cached", session_final_cached},
            {"suppress-time-limit", time_limit},
            {"suppress-time-limit-zero", time_limit_zero},
            {"suppress-max-records-early", max_records_early},
            {"suppress-max-bytes-early", max_bytes_early},
            {"suppress-max-both", max_both},
            {"suppress-shut-down-when-full", shut_down_when_full},
            {"suppress-chained", chained},
            {"suppress-then-group-by", then_group_by},
            {"suppress-then-join", then_join},
            {"suppress-final-then-count", final_then_count},
            {"suppress-time-limit-windowed", time_limit_windowed},
            {"naming-suppress", naming},
            {"naming-windowed", naming_windowed}};
}

}  // namespace millrace::parity
