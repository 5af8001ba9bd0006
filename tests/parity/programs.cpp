// SPDX-License-Identifier: Apache-2.0

// Small complete topologies, as in the recorder's Programs.java.
#include "joiners.hpp"
#include "millrace/state/stores.hpp"
#include "processors.hpp"
#include "scenario.hpp"

#include <algorithm>

namespace millrace::parity {
namespace {

using std::chrono::milliseconds;

Topology word_count(Case& c) {
    c.stream("lines")
        .flat_map_values([](const Str& line) {
            std::vector<std::string> words;
            for (std::size_t at = 0; line && at <= line->size();) {
                const std::size_t end = std::min(line->find(' ', at), line->size());
                words.push_back(line->substr(at, end - at));
                at = end + 1;
            }
            return words;
        })
        .group_by([](const std::string& word) { return word; })
        .count({.store = "words"})
        .to_stream()
        .to("out");
    return c.build();
}

Topology deduplicate(Case& c) {
    using Seen = WindowStore<std::string, std::string>;
    c.b.add_state_store(stores::window_store<std::string, std::string>(
        stores::persistent_window_store("seen", milliseconds(60), milliseconds(40))));
    c.stream("in")
        .process(
            simple([](const StrRecord& r, StrContext& ctx) {
                if (!r.key || !r.value) {
                    return;
                }
                auto seen = ctx.store<Seen>("seen");
                const std::string id = *r.key + *r.value;
                const Timestamp from = std::max(timestamp_of(0), r.timestamp - milliseconds(40));
                const bool known = seen.fetch(id, from, r.timestamp + milliseconds(40)).valid();
                seen.put(id, r.timestamp, "x");
                if (!known) {
                    ctx.forward(r);
                }
            }),
            {.stores = {"seen"}})
        .to("out");
    return c.build();
}

/// The word with that index among words separated by single spaces.
std::string word(const std::string& words, std::size_t index) {
    std::size_t at = 0;
    for (; index > 0; --index) {
        at = words.find(' ', at) + 1;
    }
    return words.substr(at, words.find(' ', at) - at);
}

Topology orders(Case& c) {
    const auto prices = c.b.global_table<std::string, std::string>("prices");
    const auto customers = c.table("customers");
    const auto priced = c.stream("orders")
                            .left_join(
                                prices, [](const std::string& order) { return word(order, 1); },
                                [](const std::string& order, const std::string* price) {
                                    return price == nullptr
                                               ? std::nullopt
                                               : Str(word(order, 0) + " " +
                                                     std::to_string(parse_long(word(order, 2)) *
                                                                    parse_long(*price)));
                                })
                            .to_table({.store = "priced"});
    priced
        .join(
            customers, [](const std::string& order) { return word(order, 0); },
            [](const std::string& order, const std::string& country) {
                return country + " " + word(order, 1);
            })
        .group_by(
            [](const std::string& v) { return std::pair(word(v, 0), parse_long(word(v, 1))); },
            {.name = "per-country"})
        .reduce([](std::int64_t x, std::int64_t y) { return x + y; },
                [](std::int64_t x, std::int64_t y) { return x - y; }, {.store = "totals"})
        .to_stream()
        .to("out");
    return c.build();
}

Topology alarms(Case& c) {
    const auto owners = c.table("owners");
    c.stream("events")
        .group_by_key()
        .windowed_by(TimeWindows::of(milliseconds(30)).grace(milliseconds(10)))
        .count({.store = "counts"})
        .suppress(UntilWindowCloses{})
        .to_stream()
        .filter([](std::int64_t n) { return n >= 3; })
        .map([](const Windowed<std::string>& w, std::int64_t n) {
            return std::pair(
                w.key, std::to_string(milliseconds_of(w.window.start)) + " " + std::to_string(n));
        })
        .left_join(owners, [](const std::string& alarm,
                              const std::string* owner) { return alarm + " " + text(owner); })
        .to("alarms");
    return c.build();
}

Topology routes(Case& c) {
    const auto routed =
        c.stream("in")
            .filter([](const Str& v) { return v.has_value(); })
            .split({.name = "route-"})
            .branch([](const Str& v) { return starts_with(v, "p"); }, {.name = "up"})
            .branch([](const Str& v) { return starts_with(v, "q"); }, {.name = "cut"})
            .otherwise({.name = "rest"});
    const auto up =
        routed.at("route-up").map_values([](const Str& v) -> Str { return upper_case(v); });
    const auto cut = routed.at("route-cut").flat_map_values([](const Str& v) {
        return std::vector<Str>{head(v), v->substr(1)};
    });
    up.merge(cut)
        .merge(routed.at("route-rest"))
        .to_table({.store = "latest"})
        .to_stream()
        .to("out");
    return c.build();
}

Topology batches(Case& c) {
    using Open = KeyValueStore<std::string, std::string>;
    using Sent = KeyValueStore<std::string, std::int64_t>;
    c.b.add_state_store(stores::key_value_store<std::string, std::string>(
        stores::persistent_key_value_store("open")));
    c.b.add_state_store(stores::key_value_store<std::string, std::int64_t>(
        stores::in_memory_key_value_store("sent")));
    c.stream("in")
        .process(timed(
                     [](StrContext& ctx) {
                         ctx.schedule(every(100, PunctuationType::kWallClock), [&ctx](Timestamp t) {
                             auto open = ctx.store<Open>("open");
                             auto sent = ctx.store<Sent>("sent");
                             for (auto it = open.all(); it.valid(); it.next()) {
                                 const std::string& key = it.row().key;
                                 const std::int64_t n = sent.get(key).value_or(0) + 1;
                                 sent.put(key, n);
                                 emit(ctx, key, it.row().value + "#" + std::to_string(n), t);
                                 open.erase(key);
                             }
                         });
                     },
                     [](const StrRecord& r, StrContext& ctx) {
                         if (!r.key || !r.value) {
                             return;
                         }
                         auto open = ctx.store<Open>("open");
                         const Str old = open.get(*r.key);
                         open.put(*r.key, old ? *old + "," + *r.value : *r.value);
                     }),
                 {.stores = {"open", "sent"}})
        .group_by_key()
        .count({.store = "batches"})
        .to_stream()
        .to("out");
    return c.build();
}

Topology clicks(Case& c) {
    const auto shown = c.stream("shown");
    const auto clicked = c.stream("clicked");
    const auto totals = shown.group_by_key().count({.store = "totals"});
    const auto hits =
        shown.join(clicked, Plus(), JoinWindows::of(milliseconds(12)).grace(milliseconds(10)))
            .group_by_key()
            .count({.store = "hits"});
    totals
        .left_join(hits,
                   [](std::int64_t t, const std::int64_t* h) {
                       return std::to_string(h != nullptr ? *h : 0) + " of " + std::to_string(t);
                   })
        .to_stream()
        .to("out");
    return c.build();
}

Topology best(Case& c) {
    c.stream("points")
        .group_by_key()
        .windowed_by(TimeWindows::of(milliseconds(25)).grace(milliseconds(10)))
        .aggregate(std::int64_t{0},
                   [](std::int64_t sum, const Str& v) { return sum + parse_long(v.value()); },
                   {.store = "sums"})
        .to_stream()
        .map([](const Windowed<std::string>& w, std::int64_t sum) { return std::pair(w.key, sum); })
        .group_by_key({.name = "per-key"})
        .reduce([](std::int64_t x, std::int64_t y) { return std::max(x, y); }, {.store = "best"})
        .to_stream()
        .to("out");
    return c.build();
}

Topology changes(Case& c) {
    using Last = TimestampedKeyValueStore<std::string, std::string>;
    c.b.add_state_store(stores::timestamped_key_value_store<std::string, std::string>(
        stores::persistent_key_value_store("last")));
    c.stream("in")
        .process(simple([](const StrRecord& r, StrContext& ctx) {
                     if (!r.key) {
                         return;
                     }
                     auto last = ctx.store<Last>("last");
                     const auto old = last.get(*r.key);
                     if (old && old->timestamp > r.timestamp) {
                         emit_value(ctx, r, "late");
                         return;
                     }
                     if (r.value) {
                         last.put(*r.key, {*r.value, r.timestamp});
                     } else {
                         last.erase(*r.key);
                     }
                     emit_value(ctx, r, (old ? old->value : "none") + " to " + text(r.value));
                 }),
                 {.stores = {"last"}})
        .to("out");
    return c.build();
}

}  // namespace

Scenarios programs() {
    return {{"programs-word-count", word_count},
            {"programs-word-count-exactly-once", word_count},
            {"programs-deduplicate", deduplicate},
            {"programs-routes", routes},
            {"programs-batches", batches},
            {"programs-clicks", clicks},
            {"programs-clicks-optimized", clicks},
            {"programs-best", best},
            {"programs-changes", changes},
            {"programs-orders", orders},
            {"programs-alarms", alarms}};
}

}  // namespace millrace::parity
