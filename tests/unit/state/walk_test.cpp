// SPDX-License-Identifier: Apache-2.0
#include "state/budget/memory_budget.hpp"
#include "state/task/task_stores.hpp"
#include "support/fake_store_context.hpp"
#include "support/temporary_directory.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::state {
namespace {

using ::testing::ElementsAre;

class WalkTest : public ::testing::TestWithParam<StoreEngine> {
  protected:
    WalkTest() {
        TaskStores::Options options;
        options.directory = folder_.path() / "0_0";
        options.name = "0_0";
        detail::StoreSpec spec;
        spec.name = "s";
        spec.engine = GetParam();
        options.specs = {spec};
        stores_.emplace(std::move(options), memory_);
        stores_->set_context(context_);
        store_ = dynamic_cast<KeyValueBytesStore*>(stores_->store("s"));
    }

    void put(std::initializer_list<BytesView> keys) {
        for (const BytesView key : keys) {
            store_->put(key, key);
        }
    }

    void commit() {
        stores_->flush_caches();
        stores_->commit({});
    }

    std::unique_ptr<BytesIterator> walk(RowOrder order = RowOrder::kForward) {
        return store_->range(std::nullopt, std::nullopt, order);
    }

    static std::vector<Bytes> rest(BytesIterator& rows) {
        std::vector<Bytes> keys;
        for (; rows.valid(); rows.next()) {
            keys.emplace_back(rows.key());
        }
        return keys;
    }

    ::millrace::testing::TemporaryDirectory folder_;
    MemoryBudget memory_{MemoryBudget::Limits{}};
    ::millrace::testing::FakeStoreContext context_;
    std::optional<TaskStores> stores_;
    KeyValueBytesStore* store_ = nullptr;
};

TEST_P(WalkTest, RowDeletedBeforeTheIteratorStaysDeletedAfterACommit) {
    put({"a", "b", "c"});
    commit();
    store_->put("b", std::nullopt);
    const auto rows = walk();
    commit();

    EXPECT_THAT(rest(*rows), ElementsAre("a", "c"));
}

TEST_P(WalkTest, RowsWrittenBeforeTheIteratorAreReturnedAfterACommit) {
    put({"b"});
    commit();
    put({"a", "c"});
    const auto rows = walk(RowOrder::kReverse);
    commit();
    put({"aa"});

    EXPECT_THAT(rest(*rows), ElementsAre("c", "b", "a"));
}

TEST_P(WalkTest, ProcessorThatAddsARowForEachReturnedRowTerminates) {
    put({"a", "b"});
    std::vector<Bytes> seen;
    for (const auto rows = walk(); rows->valid(); rows->next()) {
        seen.emplace_back(rows->key());
        store_->put(seen.back() + "+", rows->value());
        commit();
    }

    EXPECT_THAT(seen, ElementsAre("a", "b"));
    EXPECT_THAT(rest(*walk()), ElementsAre("a", "a+", "b", "b+"));
}

TEST_P(WalkTest, ValueIsThatOfTheIteratorsCreation) {
    put({"a", "b"});
    const auto rows = walk();
    store_->put("b", "later");
    rows->next();

    EXPECT_EQ(rows->value(), "b");
    EXPECT_EQ(store_->get("b"), "later");
}

TEST_P(WalkTest, IteratorMayOutliveAnotherOneAndItsCurrentEntries) {
    put({"a", "b", "c"});
    const auto rows = walk();
    walk(RowOrder::kReverse)->next();
    store_->put("a", std::nullopt);
    commit();

    EXPECT_EQ(rows->key(), "a");
    EXPECT_THAT(rest(*rows), ElementsAre("a", "b", "c"));
}

INSTANTIATE_TEST_SUITE_P(OnDiskAndInMemory, WalkTest,
                         ::testing::Values(StoreEngine::kRocksDb, StoreEngine::kInMemory),
                         [](const ::testing::TestParamInfo<StoreEngine>& engine) {
                             return engine.param == StoreEngine::kRocksDb ? "RocksDb" : "InMemory";
                         });

}  // namespace
}  // namespace millrace::state
