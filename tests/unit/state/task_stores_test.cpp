// SPDX-License-Identifier: Apache-2.0
#include "state/task/task_stores.hpp"
#include "millrace/core/error.hpp"
#include "millrace/detail/state/flush_listener.hpp"
#include "millrace/detail/state/store_hooks.hpp"
#include "state/budget/cache_budget.hpp"
#include "state/budget/memory_budget.hpp"
#include "support/fake_store_context.hpp"
#include "support/temporary_directory.hpp"

#include <gmock/gmock.h>

#include <cstddef>
#include <filesystem>
#include <string>

namespace millrace::state {
namespace {

using detail::StoreKind;
using detail::StoreSpec;
using ::millrace::testing::FakeStoreContext;
using ::millrace::testing::RecordingListener;
using ::millrace::testing::TemporaryDirectory;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

StoreSpec in_memory(const std::string& name) {
    StoreSpec spec;
    spec.name = name;
    spec.engine = StoreEngine::kInMemory;
    return spec;
}

StoreSpec cached(const std::string& name) {
    StoreSpec spec = in_memory(name);
    spec.caching = true;
    return spec;
}

std::vector<std::string> keys_of(const RecordingListener& listener) {
    std::vector<std::string> keys;
    for (const auto& told : listener.told) {
        keys.push_back(told.key);
    }
    return keys;
}

class TaskStoresTest : public ::testing::Test {
  protected:
    KeyValueBytesStore& open(StoreSpec spec) {
        TaskStores::Options options;
        options.name = "0_0";
        options.specs = {std::move(spec)};
        stores.emplace(std::move(options), memory);
        stores->set_context(context);
        return dynamic_cast<KeyValueBytesStore&>(*stores->store(stores_name()));
    }
    static std::string stores_name() { return "s"; }

    void use_cache(std::size_t max_bytes) { stores->set_cache(cache.emplace(max_bytes)); }
    void commit() {
        stores->flush_caches();
        stores->commit({});
    }
    void at(std::int64_t time, Offset offset = 0) {
        context.at_hand.timestamp = timestamp_of(time);
        context.at_hand.offset = offset;
    }

    MemoryBudget memory{MemoryBudget::Limits{}};
    FakeStoreContext context;
    RecordingListener listener;
    std::optional<CacheBudget> cache;  // Outlives the stores that use it.
    std::optional<TaskStores> stores;
};

TEST_F(TaskStoresTest, UncachedWritesAreLoggedAtOnceWithTheContextsTime) {
    KeyValueBytesStore& store = open(in_memory("s"));
    at(7);
    store.put("a", "1");
    store.put("a", std::nullopt);

    EXPECT_THAT(context.log,
                ElementsAre(FakeStoreContext::Logged{0, "a", "1", timestamp_of(7), {}},
                            FakeStoreContext::Logged{0, "a", std::nullopt, timestamp_of(7), {}}));
    EXPECT_FALSE(detail::set_flush_listener(store, &listener, true));
}

TEST_F(TaskStoresTest, TimestampedValuesAreLoggedWithoutTheirTimestampAndAtIt) {
    StoreSpec spec = in_memory("s");
    spec.kind = StoreKind::kTimestampedKeyValue;
    KeyValueBytesStore& store = open(spec);
    at(9);
    store.put("a", BytesView("\0\0\0\0\0\0\0\x05xyz", 11));

    EXPECT_THAT(context.log,
                ElementsAre(FakeStoreContext::Logged{0, "a", "xyz", timestamp_of(5), {}}));
}

TEST_F(TaskStoresTest, CacheLogsAndForwardsOneEntryForEachKeyInTheOrderOfTheLastWrites) {
    KeyValueBytesStore& store = open(cached("s"));
    ASSERT_TRUE(detail::set_flush_listener(store, &listener, true));
    const std::string topic = "in";
    context.at_hand.topic = &topic;
    at(1, 10);
    store.put("a", "1");
    at(2, 11);
    store.put("b", "1");
    at(3, 12);
    store.put("a", "2");
    EXPECT_THAT(context.log, IsEmpty());

    stores->flush_caches();

    EXPECT_THAT(keys_of(listener), ElementsAre("b", "a"));
    EXPECT_EQ(listener.told[1].value, "2");
    EXPECT_EQ(listener.told[1].old_value, std::nullopt);
    EXPECT_EQ(listener.told[1].timestamp, timestamp_of(3));
    EXPECT_EQ(listener.told[1].offset, 12);
    EXPECT_EQ(listener.told[1].topic, "in");
    EXPECT_EQ(context.log.size(), 2U);
    EXPECT_EQ(context.log[1].timestamp, timestamp_of(3));
}

TEST_F(TaskStoresTest, OldValueIsTheListenersLastNewValueWhetherCommittedOrNot) {
    KeyValueBytesStore& store = open(cached("s"));
    detail::set_flush_listener(store, &listener, true);
    store.put("a", "1");
    stores->flush_caches();
    store.put("a", "2");
    store.put("a", "3");
    stores->flush_caches();
    stores->commit({});
    store.put("a", std::nullopt);
    commit();

    ASSERT_EQ(listener.told.size(), 3U);
    EXPECT_EQ(listener.told[1].value, "3");
    EXPECT_EQ(listener.told[1].old_value, "1");
    EXPECT_EQ(listener.told[2].value, std::nullopt);
    EXPECT_EQ(listener.told[2].old_value, "3");
    EXPECT_EQ(store.get("a"), std::nullopt);
}

TEST_F(TaskStoresTest, DeletionOfARowThatNeverLeftTheCacheIsNeitherLoggedNorForwarded) {
    KeyValueBytesStore& store = open(cached("s"));
    detail::set_flush_listener(store, &listener, false);
    store.put("a", "1");
    store.put("a", std::nullopt);
    commit();

    EXPECT_THAT(listener.told, IsEmpty());
    EXPECT_THAT(context.log, IsEmpty());
}

TEST_F(TaskStoresTest, FlushUsesTheHeadersOfTheLastWrite) {
    KeyValueBytesStore& store = open(cached("s"));
    detail::set_flush_listener(store, &listener, false);
    {
        const Headers headers{{"h", "1"}};
        context.at_hand.headers = &headers;
        store.put("a", "1");
        store.put("b", "1");
        context.at_hand.headers = nullptr;
        store.put("b", "2");
    }
    commit();

    EXPECT_EQ(listener.told[0].headers, (Headers{{"h", "1"}}));
    EXPECT_TRUE(listener.told[1].headers.empty());
}

TEST_F(TaskStoresTest, FullCacheFlushesADirtyEntryWithTheStoresOtherDirtyOnes) {
    KeyValueBytesStore& store = open(cached("s"));
    use_cache(300);
    detail::set_flush_listener(store, &listener, false);
    for (char key = 'a'; key <= 'z'; ++key) {
        store.put(BytesView(&key, 1), "value");
        EXPECT_LE(cache->written().bytes(), 300U);
    }
    EXPECT_GE(listener.told.size(), 20U);
    commit();

    EXPECT_EQ(listener.told.size(), 26U);
    EXPECT_EQ(store.get("a"), "value");
}

// For a task with one store without a record cache.
class UncachedTask {
  public:
    UncachedTask(const std::filesystem::path& directory, MemoryBudget& memory, CacheBudget& cache)
        : stores_(options_in(directory), memory) {
        stores_.set_context(context_);
        stores_.set_cache(cache);
    }

    void write_and_commit(int rows) {
        auto& store = dynamic_cast<KeyValueBytesStore&>(*stores_.store("s"));
        for (int row = 0; row < rows; ++row) {
            store.put(std::to_string(written_++), BytesView("value"));
        }
        stores_.commit({});
    }

  private:
    static TaskStores::Options options_in(const std::filesystem::path& directory) {
        TaskStores::Options options;
        options.name = "0_0";
        options.directory = directory;
        StoreSpec spec;
        spec.name = "s";
        options.specs = {spec};
        return options;
    }

    FakeStoreContext context_;
    TaskStores stores_;
    int written_ = 0;
};

TEST_F(TaskStoresTest, ReadRowsShareTheirLimitEvenly) {
    constexpr std::size_t kLimit = 10'000;
    constexpr std::size_t kRow = 100;  // At most.
    const TemporaryDirectory directory;
    cache.emplace(kLimit);
    UncachedTask first(directory.path() / "1", memory, *cache);
    UncachedTask second(directory.path() / "2", memory, *cache);
    first.write_and_commit(1000);
    EXPECT_LE(cache->read().bytes(), kLimit);
    EXPECT_GE(cache->read().bytes(), kLimit - kRow);

    second.write_and_commit(1000);
    EXPECT_LE(cache->read().bytes(), kLimit + kLimit / 2);
    EXPECT_GE(cache->read().bytes(), kLimit + kLimit / 2 - 2 * kRow);

    first.write_and_commit(0);
    EXPECT_LE(cache->read().bytes(), kLimit);
    EXPECT_GE(cache->read().bytes(), kLimit - 2 * kRow);
}

TEST_F(TaskStoresTest, UncommittedRowsDoNotCountForThatLimit) {
    const TemporaryDirectory directory;
    StoreSpec spec;
    spec.name = "s";
    TaskStores::Options options;
    options.name = "0_0";
    options.directory = directory.path();
    options.specs = {spec};
    stores.emplace(std::move(options), memory);
    stores->set_context(context);
    use_cache(10'000);
    dynamic_cast<KeyValueBytesStore&>(*stores->store("s")).put("a", BytesView("value"));
    EXPECT_EQ(cache->read().bytes(), 0U);
    commit();
    EXPECT_GT(cache->read().bytes(), 0U);
    stores.reset();
}

TEST_F(TaskStoresTest, CacheOfZeroBytesForwardsEachWriteAtOnce) {
    KeyValueBytesStore& store = open(cached("s"));
    use_cache(0);
    detail::set_flush_listener(store, &listener, true);
    store.put("a", "1");
    store.put("a", "2");

    ASSERT_EQ(listener.told.size(), 2U);
    EXPECT_EQ(listener.told[1].old_value, "1");
    EXPECT_EQ(store.get("a"), "2");
}

// Writes into a store while that store is being flushed.
class Echo final : public detail::FlushListener {
  public:
    explicit Echo(KeyValueBytesStore& store) : store_(store) {}
    void on_flush(BytesView key, const NullableBytes& value, const NullableBytes&,
                  const detail::RecordContext&) override {
        seen.emplace_back(Bytes(key) + "=" + Bytes(value.value_or("-")));
        if (seen.size() == 1) {
            store_.put("a", "a value much longer than the one before");
            store_.put("b", "b value much longer than the one before");
        }
    }
    std::vector<std::string> seen;

  private:
    KeyValueBytesStore& store_;
};

TEST_F(TaskStoresTest, WritesDuringAFlushArePartOfItIfTheirEntryIsPendingAndOtherwiseOfTheNext) {
    KeyValueBytesStore& store = open(cached("s"));
    Echo echo(store);
    detail::set_flush_listener(store, &echo, true);
    store.put("a", "1");
    store.put("b", "1");
    stores->flush_caches();
    EXPECT_THAT(echo.seen, ElementsAre("a=1", "b=b value much longer than the one before"));
    stores->commit({});

    commit();
    EXPECT_EQ(echo.seen.size(), 3U);
    EXPECT_EQ(echo.seen[2], "a=a value much longer than the one before");
}

TEST_F(TaskStoresTest, RollBackDropsEverythingSinceTheCommit) {
    for (const bool caching : {false, true}) {
        StoreSpec spec = in_memory("s");
        spec.caching = caching;
        KeyValueBytesStore& store = open(spec);
        store.put("a", "1");
        commit();
        store.put("a", "2");
        store.put("b", "2");
        stores->flush_caches();
        store.put("a", "3");
        store.put("c", "3");
        stores->roll_back();

        EXPECT_EQ(store.get("a"), "1");
        EXPECT_EQ(store.get("b"), std::nullopt);
        EXPECT_EQ(store.get("c"), std::nullopt);
        EXPECT_EQ(stores->uncommitted_bytes(), 0U);
    }
}

TEST_F(TaskStoresTest, OnlyAFewTablesPrefetchKeys) {
    const auto expects = [&](std::size_t tables, StoreKind kind) {
        TaskStores::Options options;
        for (std::size_t at = 0; at < tables; ++at) {
            options.specs.push_back(in_memory("s" + std::to_string(at)));
            options.specs.back().kind = kind;
        }
        TaskStores some(std::move(options), memory);
        some.prefetch("key");
        return some.prefetches();
    };
    EXPECT_FALSE(expects(0, StoreKind::kTimestampedKeyValue));
    EXPECT_TRUE(expects(1, StoreKind::kTimestampedKeyValue));
    EXPECT_TRUE(expects(2, StoreKind::kTimestampedKeyValue));
    EXPECT_FALSE(expects(3, StoreKind::kTimestampedKeyValue));
    EXPECT_TRUE(expects(2, StoreKind::kWindow));
    EXPECT_TRUE(expects(1, StoreKind::kTimestampedWindow));
    EXPECT_TRUE(expects(1, StoreKind::kSession));
    EXPECT_FALSE(expects(1, StoreKind::kKeyValue));
}

TEST_F(TaskStoresTest, CustomWindowEngineIsRefused) {
    StoreSpec spec = in_memory("s");
    spec.kind = StoreKind::kWindow;
    spec.custom_window = [](const std::string&) { return std::unique_ptr<WindowBytesStore>(); };

    EXPECT_THROW(open(spec), StateError);
}

/// Otherwise another thread might take over stores whose rows and offsets differ.
TEST_F(TaskStoresTest, StoresWhoseRestoreFailedDoNotRollBack) {
    StoreSpec window = in_memory("w");
    window.kind = StoreKind::kWindow;
    window.retention = std::chrono::hours{1};
    window.segment_interval = std::chrono::hours{1};
    TaskStores::Options options;
    options.specs = {in_memory("s"), window};
    TaskStores some(std::move(options), memory);
    const ChangelogRecord record{NullableBytes("key"), NullableBytes("value"), timestamp_of(0), 0,
                                 nullptr};
    some.restore(0, {&record, 1});
    EXPECT_TRUE(some.rolls_back());

    EXPECT_THROW(some.restore(1, {&record, 1}), StateError);
    EXPECT_FALSE(some.rolls_back());

    some.restore(0, {&record, 1});
    EXPECT_FALSE(some.rolls_back());
}

TEST_F(TaskStoresTest, LruStoreEvictsAndLogsTheLeastRecentlyUsedRow) {
    StoreSpec spec = in_memory("s");
    spec.engine = StoreEngine::kLru;
    spec.max_entries = 2;
    KeyValueBytesStore& store = open(spec);
    store.put("a", "1");
    store.put("b", "1");
    EXPECT_EQ(store.get("a"), "1");
    store.put("c", "1");

    EXPECT_EQ(store.get("b"), std::nullopt);
    EXPECT_EQ(store.approximate_num_entries(), 2U);
    ASSERT_EQ(context.log.size(), 4U);
    EXPECT_EQ(context.log[2].key, "b");
    EXPECT_EQ(context.log[2].value, std::nullopt);
    EXPECT_EQ(context.log[3].key, "c");
}

}  // namespace
}  // namespace millrace::state
