// SPDX-License-Identifier: Apache-2.0

// Joins and grouped tables over random changes, against models that compare every pair of records.
#include "topology/driver.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <random>

namespace millrace {
namespace {

using namespace std::chrono_literals;

struct Event {
    Text topic;
    Text key;
    MaybeText value;
    std::int64_t time;
};

/// Random records of "left" and "right"; times advance and are up to `late` behind.
std::vector<Event> random_events(unsigned seed, int count, std::int64_t late, bool removals) {
    std::mt19937 random(seed);
    std::vector<Event> events;
    std::int64_t now = 100;
    for (int i = 0; i < count; ++i) {
        now += static_cast<std::int64_t>(random() % 8);
        const auto behind = static_cast<std::int64_t>(random()) % (late + 1);
        const bool removal = removals && random() % 4 == 0;
        events.push_back({random() % 2 == 0 ? "left" : "right",
                          std::string(1, static_cast<char>('a' + random() % 4)),
                          removal ? std::nullopt : MaybeText(std::to_string(i)), now - behind});
    }
    return events;
}

Text line(const Text& key, const Text& value, std::int64_t time) {
    return key + "=" + value + "@" + std::to_string(time);
}

Text text_of(const Text* value) {
    return value != nullptr ? *value : "-";
}

void pipe(Program& run, const std::vector<Event>& events) {
    for (const Event& event : events) {
        run.pipe(event.topic, event.key, event.value, event.time);
    }
}

class RandomChanges : public ::testing::TestWithParam<unsigned> {};

/// Pairs of one key that are at most 10 ms apart, in the order in which they become complete; of
/// those that become complete together, the one with the earlier other record first.
std::vector<Text> pairs(const std::vector<Event>& events) {
    std::vector<Text> expected;
    for (std::size_t i = 0; i < events.size(); ++i) {
        std::vector<const Event*> matches;
        for (std::size_t j = 0; j < i; ++j) {
            if (events[j].topic != events[i].topic && events[j].key == events[i].key &&
                std::abs(events[j].time - events[i].time) <= 10) {
                matches.push_back(&events[j]);
            }
        }
        std::stable_sort(matches.begin(), matches.end(), [](const Event* one, const Event* other) {
            return one->time < other->time;
        });
        for (const Event* match : matches) {
            const bool is_left = events[i].topic == "left";
            const Event& left = is_left ? events[i] : *match;
            const Event& right = is_left ? *match : events[i];
            expected.push_back(
                line(left.key, *left.value + "+" + *right.value, std::max(left.time, right.time)));
        }
    }
    return expected;
}

TEST_P(RandomChanges, JoinStreamsInPairsLikeTheModel) {
    const auto events = random_events(GetParam(), 200, 40, false);
    Program run([](StreamsBuilder& builder) {
        builder.stream<Text, Text>("left")
            .join(
                builder.stream<Text, Text>("right"),
                [](const Text& left, const Text& right) { return left + "+" + right; },
                JoinWindows::of(10ms).grace(1h))
            .to("out");
    });
    pipe(run, events);

    EXPECT_EQ(run.lines("out"), pairs(events));
    EXPECT_GT(pairs(events).size(), 10U);
}

TEST_P(RandomChanges, SendEachUnmatchedRecordOnceInAnOuterJoin) {
    // No record comes after the end of its window, because it would not wait for its match.
    auto events = random_events(GetParam(), 150, 10, false);
    const std::int64_t end = events.back().time + 1'000;
    std::vector<Text> expected = pairs(events);
    for (const Event& event : events) {
        const bool matched = std::any_of(events.begin(), events.end(), [&](const Event& other) {
            return other.topic != event.topic && other.key == event.key &&
                   std::abs(other.time - event.time) <= 10;
        });
        if (!matched) {
            const Text value = event.topic == "left" ? *event.value + "+-" : "-+" + *event.value;
            expected.push_back(line(event.key, value, event.time));
        }
    }
    events.push_back({"left", "flush", "!", end});
    Program run(
        [](StreamsBuilder& builder) {
            builder.stream<Text, Text>("left")
                .outer_join(
                    builder.stream<Text, Text>("right"),
                    [](const Text* left, const Text* right) {
                        return text_of(left) + "+" + text_of(right);
                    },
                    JoinWindows::of(10ms).grace(30ms))
                .to("out");
        },
        {}, {{"__emit.interval.ms.kstreams.outer.join.spurious.results.fix__", "0"}});
    pipe(run, events);

    EXPECT_THAT(run.lines("out"), ::testing::UnorderedElementsAreArray(expected));
}

using Rows = std::map<Text, Text>;

/// The rows of one side after all changes.
Rows rows_of(const std::vector<Event>& events, const Text& topic) {
    Rows rows;
    for (const Event& event : events) {
        if (event.topic != topic) {
            continue;
        }
        if (event.value) {
            rows[event.key] = *event.value;
        } else {
            rows.erase(event.key);
        }
    }
    return rows;
}

/// The final state after a table's changes.
Rows rows_of(const std::vector<Text>& lines) {
    Rows rows;
    for (const Text& each : lines) {
        const auto equals = each.find('=');
        const Text key = each.substr(0, equals);
        const Text value = each.substr(equals + 1, each.rfind('@') - equals - 1);
        if (value == "-") {
            rows.erase(key);
        } else {
            rows[key] = value;
        }
    }
    return rows;
}

TEST_P(RandomChanges, JoinTablesToTheJoinOfTheirRows) {
    const auto events = random_events(GetParam(), 200, 40, true);
    const Rows left = rows_of(events, "left");
    const Rows right = rows_of(events, "right");
    Rows inner;
    Rows outer;
    for (const auto& [key, value] : left) {
        const auto other = right.find(key);
        outer[key] = value + "+" + (other != right.end() ? other->second : "-");
        if (other != right.end()) {
            inner[key] = outer[key];
        }
    }
    for (const auto& [key, value] : right) {
        outer.try_emplace(key, "-+" + value);
    }
    Program run([](StreamsBuilder& builder) {
        const auto one = builder.table<Text, Text>("left");
        const auto other = builder.table<Text, Text>("right");
        one.join(other, [](const Text& a, const Text& b) { return a + "+" + b; })
            .to_stream()
            .to("inner");
        one.outer_join(other,
                       [](const Text* a, const Text* b) { return text_of(a) + "+" + text_of(b); })
            .to_stream()
            .to("outer");
    });
    pipe(run, events);

    EXPECT_EQ(rows_of(run.lines("inner")), inner);
    EXPECT_EQ(rows_of(run.lines("outer")), outer);
}

TEST_P(RandomChanges, JoinTablesOnForeignKeysToTheJoinOfTheirRows) {
    // The last digit of a left row's value is its foreign key.
    auto events = random_events(GetParam(), 200, 40, true);
    for (Event& event : events) {
        if (event.topic == "right") {
            event.key = std::to_string(event.key[0] - 'a');
        }
    }
    const auto named = [](const Text& value) { return std::to_string((value.back() - '0') % 5); };
    const Rows right = rows_of(events, "right");
    Rows inner;
    Rows outer;
    for (const auto& [key, value] : rows_of(events, "left")) {
        const auto other = right.find(named(value));
        outer[key] = value + "+" + (other != right.end() ? other->second : "-");
        if (other != right.end()) {
            inner[key] = outer[key];
        }
    }
    Program run([&](StreamsBuilder& builder) {
        const auto one = builder.table<Text, Text>("left");
        const auto other = builder.table<Text, Text>("right");
        one.join(other, named, [](const Text& a, const Text& b) { return a + "+" + b; })
            .to_stream()
            .to("inner");
        one.left_join(other, named,
                      [](const Text& a, const Text* b) { return a + "+" + text_of(b); })
            .to_stream()
            .to("outer");
    });
    pipe(run, events);

    EXPECT_EQ(rows_of(run.lines("inner")), inner);
    EXPECT_EQ(rows_of(run.lines("outer")), outer);
}

TEST_P(RandomChanges, KeepSumsOfGroupsThatRowsEnterAndLeave) {
    auto events = random_events(GetParam(), 200, 40, true);
    for (Event& event : events) {
        event.topic = "left";
    }
    const auto group_of = [](const Text& value) { return Text(1, value.back()); };
    std::map<Text, std::int64_t> sums;
    for (const auto& [key, value] : rows_of(events, "left")) {
        sums[group_of(value)] += std::stoll(value);
    }
    Program run([&](StreamsBuilder& builder) {
        builder.table<Text, Text>("left")
            .group_by([&](const Text& value) { return std::pair(group_of(value), value); })
            .aggregate(
                std::int64_t{0},
                [](std::int64_t sum, const Text& value) { return sum + std::stoll(value); },
                [](std::int64_t sum, const Text& value) { return sum - std::stoll(value); })
            .to_stream()
            .to("out");
    });
    pipe(run, events);

    Rows left_over = rows_of(run.lines<std::int64_t>("out"));
    for (const auto& [group, sum] : sums) {
        EXPECT_EQ(left_over[group], std::to_string(sum)) << group;
        left_over.erase(group);
    }
    for (const auto& [group, sum] : left_over) {
        EXPECT_EQ(sum, "0") << "nothing is left of group " << group;
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomChanges, ::testing::Range(1U, 11U));

}  // namespace
}  // namespace millrace
