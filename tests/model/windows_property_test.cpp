// SPDX-License-Identifier: Apache-2.0

// Windowed aggregates over random streams, against models that scan all earlier records.
#include "topology/driver.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>

namespace millrace {
namespace {

using namespace std::chrono_literals;

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

Text window_label(const Text& key, std::int64_t start, std::int64_t end) {
    return key + "[" + std::to_string(start) + "," + std::to_string(end);
}

Text label(const Windowed<Text>& window) {
    return window_label(window.key, milliseconds_of(window.window.start),
                        milliseconds_of(window.window.end));
}

std::vector<Text> result_of(Program& run, const std::vector<Event>& events) {
    for (const Event& event : events) {
        run.pipe("in", event.key, event.value, event.time);
    }
    return run.lines("out");
}

class RandomStreams : public ::testing::TestWithParam<unsigned> {};

struct TimeWindowShape {
    std::int64_t size;
    std::int64_t advance;
    std::int64_t grace;
};

/// Every update of windows over `events`, values concatenated in the order of arrival.
std::vector<Text> updates_of_time_windows(const std::vector<Event>& events,
                                          const TimeWindowShape& shape) {
    struct Member {
        std::int64_t start;
        const Event* event;
    };
    std::vector<Member> members;
    std::vector<Text> updates;
    std::int64_t stream_time = -1;
    for (const Event& event : events) {
        stream_time = std::max(stream_time, event.time);
        for (std::int64_t start = 0; start <= event.time; start += shape.advance) {
            const std::int64_t end = start + shape.size;
            if (event.time >= end || end + shape.grace <= stream_time) {
                continue;
            }
            members.push_back({start, &event});
            Text value;
            std::int64_t time = -1;
            for (const Member& member : members) {
                if (member.start == start && member.event->key == event.key) {
                    value += member.event->value;
                    time = std::max(time, member.event->time);
                }
            }
            updates.push_back(window_label(event.key, start, end) + "=" + value + "@" +
                              std::to_string(time));
        }
    }
    return updates;
}

TEST_P(RandomStreams, UpdateTumblingAndHoppingWindowsLikeTheModel) {
    const auto events = random_events(GetParam(), 150, 60);
    for (const TimeWindowShape shape : {TimeWindowShape{20, 20, 15}, TimeWindowShape{30, 10, 20},
                                        TimeWindowShape{25, 7, 0}, TimeWindowShape{5, 5, 100}}) {
        SCOPED_TRACE(std::to_string(shape.size) + "/" + std::to_string(shape.advance));
        Program run([&](StreamsBuilder& builder) {
            builder.stream<Text, Text>("in")
                .group_by_key()
                .windowed_by(TimeWindows::of(std::chrono::milliseconds(shape.size))
                                 .advance_by(std::chrono::milliseconds(shape.advance))
                                 .grace(std::chrono::milliseconds(shape.grace)))
                .reduce([](const Text& so_far, const Text& value) { return so_far + value; },
                        {.caching = false})
                .to_stream_by(
                    [](const Windowed<Text>& window, const Text&) { return label(window); })
                .to("out");
        });

        EXPECT_EQ(result_of(run, events), updates_of_time_windows(events, shape));
    }
}

/// The last result of each window that closed, and of no other.
TEST_P(RandomStreams, SendEachWindowOnceOnCloseWithItsFinalContent) {
    const TimeWindowShape shape{20, 10, 15};
    auto events = random_events(GetParam(), 150, 40);
    events.push_back({"flush", "!", events.back().time + 1'000});
    std::map<Text, Text> last;
    for (const Text& update : updates_of_time_windows(events, shape)) {
        if (!update.starts_with("flush")) {
            last[update.substr(0, update.find('='))] = update;
        }
    }
    std::vector<Text> expected;
    for (const auto& [window, update] : last) {
        expected.push_back(update);
    }
    Program run(
        [&](StreamsBuilder& builder) {
            builder.stream<Text, Text>("in")
                .group_by_key()
                .windowed_by(TimeWindows::of(20ms).advance_by(10ms).grace(15ms))
                .emit_strategy(EmitStrategy::kOnWindowClose)
                .reduce([](const Text& so_far, const Text& value) { return so_far + value; })
                .to_stream_by(
                    [](const Windowed<Text>& window, const Text&) { return label(window); })
                .to("out");
        },
        {}, {{"__emit.interval.ms.kstreams.windowed.aggregation__", "0"}});

    EXPECT_THAT(result_of(run, events), ::testing::UnorderedElementsAreArray(expected));
}

/// One sliding window for each set of records that are at most `difference` apart.
std::map<Text, Text> sliding_windows(const std::vector<Event>& events, std::int64_t difference) {
    std::map<Text, Text> rows;
    const auto add = [&](const Text& key, std::int64_t start) {
        int count = 0;
        for (const Event& event : events) {
            count += event.key == key && event.time >= start && event.time <= start + difference;
        }
        if (count > 0) {
            rows[window_label(key, start, start + difference)] = std::to_string(count);
        }
    };
    for (const Event& event : events) {
        add(event.key, std::max<std::int64_t>(0, event.time - difference));
        add(event.key, event.time + 1);
    }
    return rows;
}

TEST_P(RandomStreams, FillSlidingWindowsLikeTheModel) {
    const auto events = random_events(GetParam(), 120, 50);
    Program run([&](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in")
            .group_by_key()
            .windowed_by(SlidingWindows::of(20ms).grace(1h))
            .count()
            .to_stream_by(
                [](const Windowed<Text>& window, const std::int64_t&) { return label(window); })
            .map_values([](const std::int64_t& count) { return std::to_string(count); })
            .to("out");
    });
    std::map<Text, Text> rows;
    for (const Text& update : result_of(run, events)) {
        const auto equals = update.find('=');
        rows[update.substr(0, equals)] = update.substr(equals + 1, update.find('@') - equals - 1);
    }

    EXPECT_EQ(rows, sliding_windows(events, 20));
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomStreams, ::testing::Range(1U, 11U));

}  // namespace
}  // namespace millrace
