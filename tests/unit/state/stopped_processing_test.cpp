// SPDX-License-Identifier: Apache-2.0
#include "state/budget/cache_budget.hpp"
#include "state/budget/memory_budget.hpp"
#include "state/task/task_stores.hpp"
#include "support/fake_store_context.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace millrace::state {
namespace {

/// A store whose task becomes a standby: with or without a record cache, on disk or in memory.
class StoppedProcessing : public ::testing::TestWithParam<std::tuple<StoreEngine, bool>> {
  protected:
    StoppedProcessing() {
        detail::StoreSpec spec{.name = "s", .engine = std::get<0>(GetParam())};
        spec.caching = std::get<1>(GetParam());
        stores.emplace(
            TaskStores::Options{.directory = folder.path() / "0_0", .name = "0_0", .specs = {spec}},
            memory);
        stores->set_context(context);
        store = dynamic_cast<KeyValueBytesStore*>(stores->store("s"));
    }

    void commit(Offset offset) {
        stores->flush_caches();
        const std::optional<Offset> offsets[] = {offset};
        stores->commit(offsets);
    }

    void restore(const std::string& key, const std::string& value, Offset offset) {
        const std::vector<ChangelogRecord> batch{
            {NullableBytes(key), NullableBytes(value), timestamp_of(0), offset, nullptr}};
        stores->restore(0, batch);
        stores->finish_restore(0, offset);
    }

    std::string value_of(const std::string& key) {
        const auto value = store->get(key);
        return value ? std::string(*value) : "none";
    }

    testing::TemporaryDirectory folder;
    MemoryBudget memory{{}};
    testing::FakeStoreContext context;
    std::optional<TaskStores> stores;
    KeyValueBytesStore* store = nullptr;
};

TEST_P(StoppedProcessing, LetsRestoredRowsReplaceThoseInMemory) {
    store->put("a", BytesView("old"));
    store->put("b", BytesView("kept"));
    EXPECT_EQ(value_of("a"), "old");
    commit(1);

    stores->stop_processing();
    restore("a", "restored", 2);

    stores->set_context(context);
    EXPECT_EQ(value_of("a"), "restored");
    EXPECT_EQ(value_of("b"), "kept");
    EXPECT_EQ(stores->changelog_offset(0), 2);
    store->put("a", BytesView("new"));
    commit(3);
    EXPECT_EQ(value_of("a"), "new");
}

TEST_P(StoppedProcessing, ReleasesTheThreadsBudget) {
    {
        CacheBudget cache(1 << 20);
        stores->set_cache(cache);
        store->put("a", BytesView("row"));
        commit(1);
        stores->stop_processing();
    }
    restore("a", "restored", 2);
    EXPECT_EQ(value_of("a"), "restored");
}

INSTANTIATE_TEST_SUITE_P(Stores, StoppedProcessing,
                         ::testing::Combine(::testing::Values(StoreEngine::kRocksDb,
                                                              StoreEngine::kInMemory),
                                            ::testing::Bool()));

}  // namespace
}  // namespace millrace::state
