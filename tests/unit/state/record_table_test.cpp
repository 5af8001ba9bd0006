// SPDX-License-Identifier: Apache-2.0
#include "state/record_table.hpp"

#include "state/window_key.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>

namespace millrace::state {
namespace {

constexpr std::size_t kSuffix = kWindowSuffixSize;

Bytes window_key(const Bytes& key, std::int64_t start) {
    Bytes out;
    append_window_key(key, timestamp_of(start), 0, out);
    return out;
}

std::set<Bytes> keys_of(std::span<RecordEntry* const> entries) {
    std::set<Bytes> keys;
    for (const RecordEntry* entry : entries) {
        keys.insert(Bytes(entry->key()));
    }
    return keys;
}

TEST(RecordTable, FindsTheRowsOfAKeyWhateverComesGoesAndMoves) {
    RecordTable table(kSuffix);
    std::map<Bytes, std::set<Bytes>> model;
    std::mt19937 random(3);
    for (int step = 0; step < 20'000; ++step) {
        // Some keys are the beginning of others, some have many rows and most a few.
        const Bytes name(1 + random() % 3, "ab"[random() % 2]);
        const Bytes key = window_key(name, random() % (name.size() == 1 ? 100 : 3));
        table.next_hints();  // Hints change nothing.
        table.expect(key);
        table.expect_group(name);
        RecordEntry* entry = table.find(key);
        if (entry != nullptr && random() % 2 == 0) {
            table.uncache(*entry);
            model[name].erase(key);
        } else if (entry == nullptr) {
            table.remember(key, Bytes(random() % 40, 'v'));
            model[name].insert(key);
        } else {
            table.write_through(key, Bytes(random() % 200, 'v'), true);  // May move it.
            table.mark_stored();
        }
        const std::span<RecordEntry* const> rows = table.group(name);
        ASSERT_EQ(rows.size(), model[name].size());
        ASSERT_EQ(keys_of(rows), model[name]);
        ASSERT_TRUE(std::is_sorted(rows.begin(), rows.end(),
                                   [](const RecordEntry* one, const RecordEntry* other) {
                                       return one->key() < other->key();
                                   }));
    }
    table.clear();
    EXPECT_TRUE(table.group("a").empty());
}

TEST(RecordTable, CoversNoTimeOfARowThatLeftItButRemainsInTheEngine) {
    RecordTable table(kSuffix);
    EXPECT_FALSE(table.covers(1000));
    table.cover_from(0);
    EXPECT_TRUE(table.covers(0));

    table.write_through(window_key("a", 5), BytesView("value"), false);
    EXPECT_TRUE(table.covers(5));
    table.mark_stored();  // Is in the engine only now.
    EXPECT_FALSE(table.covers(5));
    EXPECT_TRUE(table.covers(6));

    table.write_through(window_key("a", 9), BytesView("value"), true);
    table.mark_stored();
    EXPECT_TRUE(table.covers(9));
    table.uncache(*table.find(window_key("a", 9)));
    EXPECT_FALSE(table.covers(9));

    table.uncover(20);
    EXPECT_FALSE(table.covers(20));
    EXPECT_TRUE(table.covers(21));
}

TEST(RecordTable, CoversTimesOfRowsThatWereRemovedForGood) {
    RecordTable table(kSuffix);
    table.cover_from(0);
    table.write_through(window_key("a", 5), std::nullopt, false);
    table.mark_stored();
    EXPECT_EQ(table.entries(), 0U);
    EXPECT_TRUE(table.covers(5));
}

TEST(RecordTable, ForgetsRemovedRowsThatTheLayersBelowNeverHad) {
    const std::string topic = "t";
    detail::RecordContext context;
    context.topic = &topic;
    const Bytes key = window_key("a", 5);
    const auto entries_after_removal = [&](RecordTable& table) {
        table.write_cached(key, std::nullopt, context, {.forget_unseen = true});
        return table.entries();
    };

    RecordTable covered(kSuffix);
    covered.cover_from(0);
    EXPECT_EQ(entries_after_removal(covered), 0U);
    covered.write_cached(key, BytesView("value"), context, {});
    EXPECT_EQ(entries_after_removal(covered), 0U);
    EXPECT_EQ(covered.cached_bytes(), 0U);
    EXPECT_FALSE(covered.has_unforwarded());

    RecordTable unknown(kSuffix);
    EXPECT_EQ(entries_after_removal(unknown), 1U);

    RecordTable stored(kSuffix);
    stored.cover_from(0);
    stored.write_through(key, BytesView("value"), true);
    EXPECT_EQ(entries_after_removal(stored), 1U);
}

}  // namespace
}  // namespace millrace::state
