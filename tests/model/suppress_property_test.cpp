// SPDX-License-Identifier: Apache-2.0

// Suppression by a time limit over random changes, against a model that scans the whole buffer
// after each change.
#include "topology/driver.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <set>
#include <tuple>
#include <vector>

namespace millrace {
namespace {

using std::chrono::milliseconds;

struct Change {
    Text key;
    MaybeText value;
    std::int64_t time;
};

/// Times advance by up to 8 ms per change and are up to 30 ms behind; a quarter are deletions.
std::vector<Change> random_changes(unsigned seed, int count) {
    std::mt19937 random(seed);
    std::vector<Change> changes;
    std::int64_t now = 100;
    for (int i = 0; i < count; ++i) {
        now += static_cast<std::int64_t>(random() % 8);
        changes.push_back({std::string(1, static_cast<char>('a' + random() % 6)),
                           random() % 4 == 0 ? std::nullopt : MaybeText(std::to_string(i)),
                           now - static_cast<std::int64_t>(random() % 30)});
    }
    return changes;
}

struct Limits {
    std::int64_t time;
    std::optional<std::size_t> records;
};

/// The last change of each key, when the first one has waited for the limit or is the oldest of too
/// many; of the same age, the smaller key is first. Deletions of missing rows are not changes.
std::vector<Text> sent(const std::vector<Change>& changes, const Limits& limits) {
    struct Held {
        std::int64_t since;
        Change last;
    };
    std::vector<Text> lines;
    std::vector<Held> held;
    std::set<Text> rows;
    std::int64_t stream_time = -1;
    for (const Change& change : changes) {
        if (change.value) {
            rows.insert(change.key);
        } else if (rows.erase(change.key) == 0) {
            continue;
        }
        stream_time = std::max(stream_time, change.time);
        const auto same = std::find_if(held.begin(), held.end(),
                                       [&](const Held& one) { return one.last.key == change.key; });
        if (same == held.end()) {
            held.push_back({change.time, change});
        } else {
            same->last = change;
        }
        while (!held.empty()) {
            const auto oldest =
                std::min_element(held.begin(), held.end(), [](const Held& one, const Held& other) {
                    return std::tie(one.since, one.last.key) <
                           std::tie(other.since, other.last.key);
                });
            const bool waited = oldest->since <= stream_time - limits.time;
            if (!waited && held.size() <= limits.records.value_or(held.size())) {
                break;
            }
            lines.push_back(oldest->last.key + "=" + oldest->last.value.value_or("-") + "@" +
                            std::to_string(oldest->last.time));
            held.erase(oldest);
        }
    }
    return lines;
}

class RandomChangesHeldBack : public ::testing::TestWithParam<unsigned> {};

TEST_P(RandomChangesHeldBack, AreSentWhenTheModelSendsThem) {
    const auto changes = random_changes(GetParam(), 300);
    for (const Limits limits : {Limits{0, {}}, Limits{1, {}}, Limits{20, {}}, Limits{60, {}},
                                Limits{20, 2}, Limits{1000, 1}, Limits{1000, 4}}) {
        SCOPED_TRACE(std::to_string(limits.time) + " ms");
        Program run([&](StreamsBuilder& builder) {
            builder.table<Text, Text>("in")
                .suppress(UntilTimeLimit{.limit = milliseconds(limits.time),
                                         .max_records = limits.records})
                .to_stream()
                .to("out");
        });
        for (const Change& change : changes) {
            run.pipe("in", change.key, change.value, change.time);
        }
        EXPECT_EQ(run.lines("out"), sent(changes, limits));
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomChangesHeldBack, ::testing::Range(1U, 11U));

}  // namespace
}  // namespace millrace
