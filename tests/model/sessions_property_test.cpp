// SPDX-License-Identifier: Apache-2.0

// Sessions and suppression over random streams, against models that scan all earlier records.
#include "topology/driver.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

struct Event {
    Text key;
    Text value;
    std::int64_t time;
};

/// Times advance by up to 10 ms per record and are up to `late` behind.
std::vector<Event> random_events(unsigned seed, int count, std::int64_t late) {
    std::mt19937 random(seed);
    std::vector<Event> events;
    std::int64_t now = 40;
    for (int i = 0; i < count; ++i) {
        now += static_cast<std::int64_t>(random() % 10);
        const auto behind = static_cast<std::int64_t>(random()) % (late + 1);
        events.push_back({std::string(1, static_cast<char>('a' + random() % 3)),
                          std::string(1, static_cast<char>('A' + i % 26)),
                          std::max<std::int64_t>(0, now - behind)});
    }
    return events;
}

Text session_label(const Text& key, std::int64_t start, std::int64_t end) {
    return key + "[" + std::to_string(start) + "," + std::to_string(end) + "]";
}

struct Label {
    template <class W, class V>
    Text operator()(const Windowed<Text, W>& key, const V&) const {
        return session_label(key.key, milliseconds_of(key.window.start),
                             milliseconds_of(key.window.end));
    }
};

/// The content of a table after the updates in `lines` ("key=value@time").
std::map<Text, Text> table_of(const std::vector<Text>& lines) {
    std::map<Text, Text> table;
    for (const Text& line : lines) {
        const auto equals = line.find('=');
        const Text value = line.substr(equals + 1, line.find('@') - equals - 1);
        if (value == "-") {
            table.erase(line.substr(0, equals));
        } else {
            table[line.substr(0, equals)] = value;
        }
    }
    return table;
}

struct Shape {
    std::int64_t gap;
    std::int64_t grace;
};

/// The sessions of `events` with their record counts: all accepted records of a key that are
/// connected are one session; a record is accepted unless its session has closed.
std::map<Text, Text> sessions_of(const std::vector<Event>& events, const Shape& shape) {
    std::map<Text, std::multiset<std::int64_t>> accepted;
    std::int64_t stream_time = -1;
    for (const Event& event : events) {
        stream_time = std::max(stream_time, event.time);
        auto& times = accepted[event.key];
        std::int64_t end = event.time;
        for (auto next = times.lower_bound(event.time);
             next != times.end() && *next <= end + shape.gap; ++next) {
            end = std::max(end, *next);
        }
        // A session that ends before the record may still be connected to it.
        if (end >= stream_time - shape.gap - shape.grace) {
            times.insert(event.time);
        }
    }
    std::map<Text, Text> sessions;
    for (const auto& [key, times] : accepted) {
        for (auto time = times.begin(); time != times.end();) {
            const std::int64_t start = *time;
            std::int64_t end = start;
            int count = 0;
            for (; time != times.end() && *time <= end + shape.gap; ++time) {
                end = *time;
                ++count;
            }
            sessions[session_label(key, start, end)] = std::to_string(count);
        }
    }
    return sessions;
}

class RandomSessions : public ::testing::TestWithParam<unsigned> {};

TEST_P(RandomSessions, AreConnectedRecords) {
    const auto events = random_events(GetParam(), 200, 80);
    for (const Shape shape : {Shape{10, 100}, Shape{3, 20}, Shape{25, 0}, Shape{1, 5}}) {
        for (const StoreEngine engine : {StoreEngine::kRocksDb, StoreEngine::kInMemory}) {
            SCOPED_TRACE(std::to_string(shape.gap) + "/" + std::to_string(shape.grace));
            Program run([&](StreamsBuilder& builder) {
                builder.stream<Text, Text>("in")
                    .group_by_key()
                    .windowed_by(SessionWindows::of(milliseconds(shape.gap))
                                     .grace(milliseconds(shape.grace)))
                    .count({.engine = engine, .caching = false, .retention = 1h})
                    .to_stream_by(Label())
                    .to("out");
            });
            for (const Event& event : events) {
                run.pipe("in", event.key, event.value, event.time);
            }
            EXPECT_EQ(table_of(run.lines<std::int64_t>("out")), sessions_of(events, shape));
        }
    }
}

/// Runs the same aggregate with its results on window close, and without. The last update of each
/// window must be sent, and nothing else.
template <class Windows>
void expect_final_results(const std::vector<Event>& events, Windows windows) {
    Program run([&](StreamsBuilder& builder) {
        const auto counts =
            builder.stream<Text, Text>("in").group_by_key().windowed_by(windows).count(
                {.caching = false});
        counts.to_stream_by(Label()).to("updates");
        counts.suppress(UntilWindowCloses{}).to_stream_by(Label()).to("finals");
    });
    for (const Event& event : events) {
        run.pipe("in", event.key, event.value, event.time);
    }
    run.pipe("in", "end", "", events.back().time + 1'000'000);

    std::map<Text, Text> updates = table_of(run.lines<std::int64_t>("updates"));
    std::erase_if(updates, [](const auto& row) { return row.first.starts_with("end"); });
    const std::vector<Text> finals = run.lines<std::int64_t>("finals");
    EXPECT_EQ(table_of(finals), updates);
    EXPECT_EQ(finals.size(), updates.size()) << "a window had more than one final result";
}

TEST_P(RandomSessions, AndWindowsHaveOneFinalResultEach) {
    const auto events = random_events(GetParam(), 200, 40);
    expect_final_results(events, TimeWindows::of(20ms).grace(15ms));
    expect_final_results(events, TimeWindows::of(20ms).advance_by(7ms).grace(0ms));
    expect_final_results(events, SlidingWindows::of(10ms).grace(12ms));
    expect_final_results(events, SlidingWindows::of(5ms));
    expect_final_results(events, SessionWindows::of(6ms).grace(10ms));
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomSessions, ::testing::Range(1U, 13U));

}  // namespace
}  // namespace millrace
