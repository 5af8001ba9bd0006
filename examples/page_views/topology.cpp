// SPDX-License-Identifier: Apache-2.0
#include "topology.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace {

using namespace std::chrono_literals;
using std::string;

using Views = millrace::KStream<string, string>;

// A visit ends after half an hour without a view; until then nothing is sent.
void report_visits(const Views& views) {
    views.group_by_key()
        .windowed_by(millrace::SessionWindows::of(30min).grace(5min))
        .count({.store = "visits"})
        .suppress(millrace::UntilWindowCloses{.name = "visits-that-are-over"})
        .to_stream()
        .map([](const millrace::Windowed<string, millrace::SessionWindow>& visit,
                std::int64_t pages) {
            const auto length = std::chrono::duration_cast<std::chrono::minutes>(
                visit.window.end - visit.window.start);
            return std::pair(visit.key, std::to_string(pages) + " pages in " +
                                            std::to_string(length.count()) + " min");
        })
        .to("visits");
}

// Adds the author's name to each article, updated when either changes.
millrace::KTable<string, string> bylines(millrace::StreamsBuilder& builder) {
    const auto articles = builder.table<string, string>("articles");
    const auto authors = builder.table<string, string>("authors");
    return articles.join(
        authors, [](const string& author) { return author; },
        [](const string&, const string& name) { return name; }, {.name = "bylines"},
        {.store = "bylines"});
}

void count_views_of_authors(const Views& views, const millrace::KTable<string, string>& bylines) {
    views.select_key([](const string& article) { return article; })
        .join(bylines, [](const string&, const string& name) { return name; },
              {.name = "views-of-articles"})
        .group_by([](const string& name) { return name; }, {.name = "views-of-authors"})
        .count({.store = "views-by-author", .caching = false})  // suppress limits updates.
        .suppress(millrace::UntilTimeLimit{.limit = 1min, .name = "at-most-once-a-minute"})
        .to_stream()
        .to("views-by-author");
}

}  // namespace

millrace::Topology page_views() {
    millrace::StreamsBuilder builder;
    const Views views = builder.stream<string, string>("views");
    report_visits(views);
    count_views_of_authors(views, bylines(builder));
    return std::move(builder).build();
}
