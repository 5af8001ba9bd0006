// SPDX-License-Identifier: Apache-2.0
#include "state/memtable/memtable.hpp"

#include "state/format/window_key.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace millrace::state {
namespace {

constexpr std::size_t kSuffix = kWindowSuffixSize;

Bytes window_key(const Bytes& key, std::int64_t start) {
    Bytes out;
    append_window_key(key, timestamp_of(start), 0, out);
    return out;
}

Memtable::AtCommit keep(const MemtableEntry&) {
    return Memtable::AtCommit::kStays;
}

Memtable::AtCommit keep_none(const MemtableEntry&) {
    return Memtable::AtCommit::kLeaves;
}

std::set<Bytes> keys_of(std::span<MemtableEntry* const> entries) {
    std::set<Bytes> keys;
    for (const MemtableEntry* entry : entries) {
        keys.insert(Bytes(entry->key()));
    }
    return keys;
}

TEST(Memtable, FindsTheRowsOfAKeyAfterAnyInsertionDeletionAndMove) {
    Memtable table(kSuffix);
    std::map<Bytes, std::set<Bytes>> model;
    std::mt19937 random(3);
    for (int step = 0; step < 20'000; ++step) {
        // Some keys are prefixes of others, some have many rows and most a few.
        const Bytes name(1 + random() % 3, "ab"[random() % 2]);
        const Bytes key = window_key(name, random() % (name.size() == 1 ? 100 : 3));
        table.next_prefetch_batch();  // Hints have no effect on the content.
        table.prefetch(key);
        table.prefetch_group(name);
        MemtableEntry* entry = table.find(key);
        if (entry != nullptr && random() % 2 == 0) {
            table.evict(*entry);
            model[name].erase(key);
        } else if (entry == nullptr) {
            table.add_clean(key, Bytes(random() % 40, 'v'));
            model[name].insert(key);
        } else {
            table.write_through(key, Bytes(random() % 200, 'v'));  // May move it.
            table.committed(keep);
        }
        const std::span<MemtableEntry* const> rows = table.group(name);
        ASSERT_EQ(rows.size(), model[name].size());
        ASSERT_EQ(keys_of(rows), model[name]);
        ASSERT_TRUE(std::is_sorted(rows.begin(), rows.end(),
                                   [](const MemtableEntry* one, const MemtableEntry* other) {
                                       return one->key() < other->key();
                                   }));
    }
    table.clear();
    EXPECT_TRUE(table.group("a").empty());
}

TEST(Memtable, CoversNoTimeOfAnEvictedRowThatIsInTheEngine) {
    Memtable table(kSuffix);
    EXPECT_FALSE(table.has_all_from(1000));
    table.set_complete_from(0);
    EXPECT_TRUE(table.has_all_from(0));

    table.write_through(window_key("a", 5), BytesView("value"));
    EXPECT_TRUE(table.has_all_from(5));
    table.committed(keep_none);  // Is only in the engine now.
    EXPECT_FALSE(table.has_all_from(5));
    EXPECT_TRUE(table.has_all_from(6));

    table.write_through(window_key("a", 9), BytesView("value"));
    table.committed(keep);
    EXPECT_TRUE(table.has_all_from(9));
    table.evict(*table.find(window_key("a", 9)));
    EXPECT_FALSE(table.has_all_from(9));

    table.write_through(window_key("a", 15), BytesView("value"));
    table.committed([](const MemtableEntry&) { return Memtable::AtCommit::kNotStored; });
    EXPECT_EQ(table.find(window_key("a", 15)), nullptr);
    EXPECT_TRUE(table.has_all_from(15));

    table.add_missing(window_key("a", 20));
    EXPECT_FALSE(table.has_all_from(20));
    EXPECT_TRUE(table.has_all_from(21));
}

TEST(Memtable, CoversTimesOfDeletedRows) {
    Memtable table(kSuffix);
    table.set_complete_from(0);
    table.write_through(window_key("a", 5), std::nullopt);
    table.committed(keep);
    EXPECT_EQ(table.entries(), 0U);
    EXPECT_TRUE(table.has_all_from(5));
}

TEST(Memtable, DropsDeletedRowsThatTheEngineNeverHad) {
    const std::string topic = "t";
    detail::RecordContext context;
    context.topic = &topic;
    const Bytes key = window_key("a", 5);
    const auto entries_after_removal = [&](Memtable& table) {
        table.write_cached(key, std::nullopt, context, {.remove_unseen = true});
        return table.entries();
    };

    Memtable covered(kSuffix);
    covered.set_complete_from(0);
    EXPECT_EQ(entries_after_removal(covered), 0U);
    covered.write_cached(key, BytesView("value"), context, {});
    EXPECT_EQ(entries_after_removal(covered), 0U);
    EXPECT_EQ(covered.cached_bytes(), 0U);
    EXPECT_FALSE(covered.has_dirty());

    Memtable unknown(kSuffix);
    EXPECT_EQ(entries_after_removal(unknown), 1U);

    Memtable stored(kSuffix);
    stored.set_complete_from(0);
    stored.write_through(key, BytesView("value"));
    EXPECT_EQ(entries_after_removal(stored), 1U);
}

// So that covers() is false for the earliest times first.
TEST(Memtable, EvictsReadRowsInInsertionOrder) {
    Memtable table(kSuffix);
    table.set_complete_from(0);
    std::vector<Bytes> keys;
    for (int at = 0; at < 1000; ++at) {
        keys.push_back(window_key(std::to_string(at * 37 % 1000), at));
        table.write_through(keys.back(), BytesView("value"));
        if (at % 10 == 9) {
            table.committed(keep);
        }
    }
    EXPECT_EQ(table.eviction_candidate(), table.find(keys.front()));
    std::set<Bytes> gone;
    for (std::size_t at = 1; at < keys.size(); at += 1 + at % 3) {  // Some are evicted early.
        table.evict(*table.find(keys[at]));
        gone.insert(keys[at]);
    }
    for (const Bytes& key : keys) {
        if (gone.contains(key)) {
            continue;
        }
        MemtableEntry* entry = table.find(key);
        ASSERT_EQ(table.eviction_candidate(), entry);
        table.write_through(key, Bytes(50, 'w'));  // Moves it, but keeps its position in the order.
        entry = table.eviction_candidate();
        ASSERT_EQ(entry, table.find(key));
        table.committed(keep);
        ASSERT_EQ(table.eviction_candidate(), entry);
        table.evict(*entry);
        ASSERT_EQ(table.find(key), nullptr);
    }
    EXPECT_EQ(table.eviction_candidate(), nullptr);
    EXPECT_EQ(table.cached_bytes(), 0U);
}

// Such rows are listed, because a search for them would read the whole table.
TEST(Memtable, EvictsAFewCachedRowsAmongManyOthers) {
    const std::string topic = "t";
    detail::RecordContext context;
    context.topic = &topic;
    Memtable table(0);
    for (int at = 0; at < 10'000; ++at) {
        table.write_through("uncommitted-" + std::to_string(at), BytesView("value"));
    }
    std::mt19937 random(7);
    std::set<Bytes> cached;
    const auto flush = [&] {
        table.begin_flush(nullptr);
        while (MemtableEntry* entry = table.next_pending()) {
            table.flushed(*entry, false, true);
        }
    };
    for (int round = 0; round < 300; ++round) {  // Grows beyond what is listed, and shrinks again.
        const std::size_t size = round % 3 == 0 ? 300 : random() % 100;
        while (cached.size() < size) {
            const Bytes key = "cached-" + std::to_string(random() % 1000);
            table.write_cached(key, BytesView("value"), context, {});
            cached.insert(key);
        }
        for (const Bytes& key : std::set<Bytes>(cached)) {
            if (random() % 4 == 0) {  // Larger values move the row.
                table.write_cached(key, Bytes(20 + random() % 200, 'v'), context, {});
            }
        }
        flush();
        while (cached.size() > size / 2) {
            MemtableEntry* entry = table.eviction_candidate();
            ASSERT_NE(entry, nullptr);
            ASSERT_EQ(cached.erase(Bytes(entry->key())), 1U) << entry->key();
            table.evict(*entry);
        }
    }
    while (MemtableEntry* entry = table.eviction_candidate()) {
        EXPECT_EQ(cached.erase(Bytes(entry->key())), 1U);
        table.evict(*entry);
    }
    EXPECT_THAT(cached, ::testing::IsEmpty());
    EXPECT_EQ(table.cached_bytes(), 0U);
}

TEST(Memtable, OfARecordCacheOwnsReadRowsAfterTheyAreWritten) {
    const std::string topic = "t";
    detail::RecordContext context;
    context.topic = &topic;
    Memtable table(kSuffix);
    table.add_clean(window_key("a", 1), BytesView("read"));
    table.add_clean(window_key("b", 2), BytesView("read"));
    table.write_cached(window_key("a", 1), BytesView("written"), context, {});
    EXPECT_EQ(table.eviction_candidate(), table.find(window_key("b", 2)));
    table.evict(*table.find(window_key("b", 2)));
    EXPECT_EQ(table.eviction_candidate(), table.find(window_key("a", 1)));
    table.begin_flush(nullptr);
    EXPECT_EQ(table.next_pending(), table.find(window_key("a", 1)));
}

}  // namespace
}  // namespace millrace::state
