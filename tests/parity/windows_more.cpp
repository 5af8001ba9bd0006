// SPDX-License-Identifier: Apache-2.0

// Sliding windows, and results when a window closes, as in the recorder's Windows.java.
#include "scenario.hpp"

#include <chrono>

namespace millrace::parity {
namespace {

using std::chrono::milliseconds;

constexpr auto kOnClose = EmitStrategy::kOnWindowClose;

SlidingWindows sliding(std::int64_t difference, std::int64_t grace) {
    return SlidingWindows::of(milliseconds(difference)).grace(milliseconds(grace));
}

TimeWindows tumbling(std::int64_t size, std::int64_t grace) {
    return TimeWindows::of(milliseconds(size)).grace(milliseconds(grace));
}

template <class Windows>
Topology count(Case& c, Windows windows, Materialized<std::string, std::int64_t> options = {}) {
    c.stream("in")
        .group_by_key()
        .windowed_by(windows)
        .count(std::move(options))
        .to_stream()
        .to("out");
    return c.build();
}

template <class Windows>
Topology count_on_close(Case& c, Windows windows,
                        Materialized<std::string, std::int64_t> options = {}) {
    c.stream("in")
        .group_by_key()
        .windowed_by(windows)
        .emit_strategy(kOnClose)
        .count(std::move(options))
        .to_stream()
        .to("out");
    return c.build();
}

/// Appends; starts again with an empty text above 12 bytes.
struct Append {
    std::string operator()(const std::string& x, const Str& y) const {
        return x.size() > 12 ? y.value() : x + y.value();
    }
};

KStream<Str, Str> not_null(Case& c) {
    return c.stream("in").filter([](const Str& v) { return v.has_value(); });
}

Topology tumbling_on_close(Case& c) {
    return count_on_close(c, tumbling(20, 10));
}
Topology tumbling_on_close_cached(Case& c) {
    return count_on_close(c, tumbling(20, 10), {.store = "counts"});
}

Topology hopping_on_close(Case& c) {
    not_null(c)
        .group_by_key()
        .windowed_by(tumbling(20, 0).advance_by(milliseconds(8)))
        .emit_strategy(kOnClose)
        .reduce(Append())
        .to_stream()
        .to("out");
    return c.build();
}

Topology on_close_throttled(Case& c) {
    return count_on_close(c, tumbling(10, 5));
}
Topology hopping_on_close_today(Case& c) {
    return count_on_close(c, tumbling(60'000, 30'000).advance_by(milliseconds(25'000)),
                          {.store = "counts"});
}
Topology sliding_count(Case& c) {
    return count(c, sliding(10, 20));
}
Topology sliding_no_grace(Case& c) {
    return count(c, sliding(10, 0));
}

Topology sliding_dense(Case& c) {
    not_null(c).group_by_key().windowed_by(sliding(8, 50)).reduce(Append()).to_stream().to("out");
    return c.build();
}

Topology sliding_aggregate_null(Case& c) {
    c.stream("in")
        .group_by_key()
        .windowed_by(sliding(10, 15))
        .aggregate(std::int64_t{0},
                   [](std::int64_t sum, const std::string& v) {
                       return v == "drop" ? std::nullopt : Long(sum + parse_long(v));
                   })
        .to_stream()
        .to("out");
    return c.build();
}

Topology sliding_in_memory(Case& c) {
    return count(c, sliding(10, 20), {.store = "counts", .engine = StoreEngine::kInMemory});
}
Topology sliding_cached(Case& c) {
    return count(c, sliding(10, 20), {.store = "counts"});
}
Topology sliding_zero(Case& c) {
    return count(c, sliding(0, 5));
}
Topology sliding_on_close(Case& c) {
    return count_on_close(c, sliding(10, 5));
}

Topology sliding_on_close_reduce(Case& c) {
    not_null(c)
        .group_by_key()
        .windowed_by(sliding(12, 0))
        .emit_strategy(kOnClose)
        .reduce(Append())
        .to_stream()
        .to("out");
    return c.build();
}

Topology sliding_segments(Case& c) {
    return count(c, sliding(60'000, 90'000), {.store = "counts"});
}
Topology sliding_on_close_today(Case& c) {
    return count_on_close(c, sliding(40'000, 20'000), {.store = "counts"});
}
Topology sliding_early(Case& c) {
    return count(c, sliding(20, 30));
}

}  // namespace

Scenarios windows_more() {
    return {{"windows-tumbling-on-close", tumbling_on_close},
            {"windows-tumbling-on-close-cached", tumbling_on_close_cached},
            {"windows-hopping-on-close", hopping_on_close},
            {"windows-on-close-throttled", on_close_throttled},
            {"windows-hopping-on-close-today", hopping_on_close_today},
            {"windows-sliding-count", sliding_count},
            {"windows-sliding-no-grace", sliding_no_grace},
            {"windows-sliding-dense", sliding_dense},
            {"windows-sliding-aggregate-null", sliding_aggregate_null},
            {"windows-sliding-in-memory", sliding_in_memory},
            {"windows-sliding-cached", sliding_cached},
            {"windows-sliding-zero", sliding_zero},
            {"windows-sliding-on-close", sliding_on_close},
            {"windows-sliding-on-close-reduce", sliding_on_close_reduce},
            {"windows-sliding-segments", sliding_segments},
            {"windows-sliding-on-close-today", sliding_on_close_today},
            {"windows-sliding-early", sliding_early}};
}

}  // namespace millrace::parity
