// SPDX-License-Identifier: Apache-2.0
#include "state/stores/layered_window_store.hpp"

#include "state/engine/memory_engine.hpp"
#include "state/format/window_key.hpp"
#include "support/fake_store_context.hpp"

#include <gmock/gmock.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace millrace::state {
namespace {

using ::millrace::testing::FakeStoreContext;
using ::testing::ElementsAre;

// An engine in memory that records the windows that were put.
class WatchedDisk final : public Engine {
  public:
    explicit WatchedDisk(std::vector<std::int64_t>& starts) : starts_(&starts) {}

    NullableBytes get(BytesView key) override { return rows_.get(key); }
    void put(BytesView key, const NullableBytes& value) override {
        starts_->push_back(milliseconds_of(window_start_of(key)));
        rows_.put(key, value);
    }
    std::unique_ptr<BytesIterator> iterate(const KeyRange& range, RowOrder order) override {
        return rows_.iterate(range, order);
    }
    std::uint64_t approximate_num_entries() override { return rows_.approximate_num_entries(); }
    void drop_below(BytesView end) override { rows_.drop_below(end); }
    void clear() override { rows_.clear(); }
    bool empty() override { return rows_.empty(); }
    bool persistent() const override { return true; }

  private:
    MemoryEngine rows_;
    std::vector<std::int64_t>* starts_;
};

class LayeredWindowStoreTest : public ::testing::Test {
  protected:
    LayeredWindowStore& open(bool duplicates) {
        spec.name = "s";
        spec.kind = detail::StoreKind::kWindow;
        spec.retain_duplicates = duplicates;
        spec.retention = std::chrono::milliseconds(10);
        spec.segment_interval = std::chrono::milliseconds(1000);
        environment.context = &context;
        environment.cache = &cache;
        return store.emplace(spec, 0, environment, std::make_unique<WatchedDisk>(stored));
    }
    void put(std::int64_t start) { store->put("k", timestamp_of(start), BytesView("v")); }
    void commit() {
        store->write_to_engine();
        store->committed();
    }
    std::size_t rows(std::int64_t from) {
        std::size_t count = 0;
        store->for_each("k", timestamp_of(from), timestamp_of(1000),
                        [&](Timestamp, BytesView) { ++count; });
        return count;
    }

    detail::StoreSpec spec;
    FakeStoreContext context;
    CacheBudget cache{1 << 20};
    StoreEnvironment environment;
    std::vector<std::int64_t> stored;
    std::optional<LayeredWindowStore> store;
};

TEST_F(LayeredWindowStoreTest, RowsThatExpiredBeforeTheCommitAreLoggedButNotStored) {
    for (const bool duplicates : {false, true}) {
        stored.clear();
        open(duplicates);
        for (const std::int64_t start : {0, 5, 90, 91, 100}) {
            put(start);
        }
        commit();
        EXPECT_THAT(stored, ElementsAre(91, 100));
        EXPECT_EQ(rows(0), 2U);
        EXPECT_EQ(context.log.size(), 5U);
        context.log.clear();
        store.reset();
    }
}

TEST_F(LayeredWindowStoreTest, ACachedPutReportsItsOwnRowAndNotOneThatItEvicts) {
    cache.resize(200);
    spec.caching = true;
    open(/*duplicates=*/false);
    store->put("k", timestamp_of(20'000), BytesView("v"));
    store->flush();
    constexpr std::size_t kTries = 20;  // Which row is evicted first depends on the hashes.
    for (std::size_t at = 0; at < kTries; ++at) {
        const Bytes key = std::to_string(at);
        EXPECT_TRUE(store->put("expired" + key, timestamp_of(0), BytesView("v")));
        EXPECT_TRUE(store->put(key, timestamp_of(20'000), BytesView(Bytes(200, 'v'))));
    }
    EXPECT_EQ(context.dropped.size(), kTries);
}

}  // namespace
}  // namespace millrace::state
