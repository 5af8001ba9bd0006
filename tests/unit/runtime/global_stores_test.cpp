// SPDX-License-Identifier: Apache-2.0
#include "runtime/global/global_stores.hpp"

#include "millrace/core/error.hpp"
#include "state/budget/memory_budget.hpp"

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

namespace millrace::runtime {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;

/// A global store in memory, written by the test, with a reader's view of it.
class GlobalStoresTest : public ::testing::Test {
  protected:
    GlobalStoresTest() {
        stores.emplace(state::TaskStores::Options{.directory = {},
                                                  .name = "global",
                                                  .specs = {global.front().store},
                                                  .processing = false},
                       memory);
        shared.emplace(*stores, global);
        views = shared->views();
        view = dynamic_cast<KeyValueBytesStore*>(views->find("s"));
    }

    KeyValueBytesStore& store() { return dynamic_cast<KeyValueBytesStore&>(*stores->store("s")); }

    /// Rows "k0000" to "k<count - 1>".
    void fill(int count) {
        for (int i = 0; i < count; ++i) {
            store().put(key(i), BytesView("v"));
        }
    }

    static std::string key(int number) {
        const std::string digits = std::to_string(number);
        return "k" + std::string(4 - digits.size(), '0') + digits;
    }

    static std::vector<std::string> keys(std::unique_ptr<BytesIterator> rows) {
        std::vector<std::string> all;
        for (; rows->valid(); rows->next()) {
            all.emplace_back(rows->key());
        }
        return all;
    }

    std::vector<detail::GlobalStoreSpec> global{
        {.store = {.name = "s", .engine = StoreEngine::kInMemory, .logging = false},
         .source_node = {},
         .processor_node = {},
         .topic = "t"}};
    state::MemoryBudget memory{{}};
    std::optional<state::TaskStores> stores;
    std::optional<GlobalStores> shared;
    std::shared_ptr<GlobalStoreViews> views;
    KeyValueBytesStore* view = nullptr;
};

TEST_F(GlobalStoresTest, AreIteratedCompletelyInPieces) {
    fill(1000);
    for (const bool forward : {true, false}) {
        const auto order = forward ? RowOrder::kForward : RowOrder::kReverse;
        EXPECT_EQ(keys(view->range(std::nullopt, std::nullopt, order)),
                  keys(store().range(std::nullopt, std::nullopt, order)));
        EXPECT_EQ(keys(view->range(BytesView("k0100"), BytesView("k0899"), order)),
                  keys(store().range(BytesView("k0100"), BytesView("k0899"), order)));
    }
    EXPECT_THAT(keys(view->prefix_scan("k0")), SizeIs(1000));
    EXPECT_EQ(keys(view->prefix_scan("k01")), keys(store().prefix_scan("k01")));
    EXPECT_EQ(keys(view->prefix_scan("k0")), keys(store().prefix_scan("k0")));
}

TEST_F(GlobalStoresTest, AreNotBlockedByAnIterator) {
    fill(1000);
    const auto rows = view->range(std::nullopt, std::nullopt, RowOrder::kForward);
    {
        const GlobalStoresGate::Writing writing(*shared->gate());
        store().put("z", BytesView("v"));
    }
    std::string last;
    for (; rows->valid(); rows->next()) {
        last = rows->key();
    }
    EXPECT_EQ(last, "z") << "not everything is copied first";
}

TEST_F(GlobalStoresTest, RefuseReadsAfterTheyAreClosedAndDestroyed) {
    fill(1000);
    const auto rows = view->range(std::nullopt, std::nullopt, RowOrder::kForward);
    {
        GlobalStoresGate::Writing writing(*shared->gate());
        writing.close_stores();
        stores->close();
    }
    EXPECT_THROW(shared->views(), StateError);
    shared.reset();
    stores.reset();

    EXPECT_THAT(
        [&] { view->get("k0000"); },
        ThrowsMessage<StateError>(HasSubstr("closed because the client has ended: store s")));
    EXPECT_THROW(view->range(std::nullopt, std::nullopt, RowOrder::kForward), StateError);
    EXPECT_THROW(view->approximate_num_entries(), StateError);
    EXPECT_THROW(
        {
            for (; rows->valid(); rows->next()) {
            }
        },
        StateError);
    EXPECT_EQ(view->name(), "s");
}

TEST_F(GlobalStoresTest, RefuseToBeQueriedByTheThreadThatWritesThem) {
    fill(1);
    {
        const GlobalStoresGate::Writing writing(*shared->gate());
        EXPECT_THAT([&] { view->get("k0000"); },
                    ThrowsMessage<StateError>(HasSubstr("by the processor that fills it")));
    }
    EXPECT_EQ(view->get("k0000"), "v");
}

}  // namespace
}  // namespace millrace::runtime
