// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/store_shelf.hpp"

#include "millrace/state/bytes_store.hpp"
#include "runtime/thread/task_maker.hpp"
#include "support/counting_topology.hpp"
#include "support/settable_clock.hpp"
#include "support/temporary_directory.hpp"

#include <gmock/gmock.h>

namespace millrace::runtime {
namespace {

using namespace std::chrono_literals;
using ::testing::Eq;
using ::testing::IsEmpty;
using ::testing::IsNull;
using ::testing::NotNull;

class StoreShelves : public ::testing::Test {
  protected:
    /// The open stores of the task, with one row.
    std::unique_ptr<state::TaskStores> with_a_row() {
        auto stores = maker.make_stores(task, false);
        const Headers headers;
        const state::ChangelogRecord row{NullableBytes("key"), NullableBytes("value"),
                                         timestamp_of(1), 0, &headers};
        stores->restore(0, {&row, 1});
        stores->finish_restore(0, 0);
        return stores;
    }

    static NullableBytes row_of(state::TaskStores& stores) {
        return dynamic_cast<KeyValueBytesStore&>(*stores.store("counts")).get("key");
    }

    const TaskId task{0, 0};
    testing::TemporaryDirectory folder;
    support::SettableClock clock;
    Topology topology = support::counting_topology({});
    topology::ApplicationTopology application = topology::split(topology.spec(), "app");
    state::MemoryBudget memory{{}};
    state::StateDirectory directory{folder.path(), "app"};
    TaskMaker maker{{.application = &application,
                     .memory = &memory,
                     .directory = &directory,
                     .settings = std::make_shared<TaskSettings>(),
                     .shelf = &shelf}};
    StoreShelf shelf{{.clock = &clock, .closed = [this](TaskId id) { maker.closed(id); }}};
};

TEST_F(StoreShelves, HandStoresOverAsTheyAre) {
    auto stores = with_a_row();
    const state::TaskStores* const open = stores.get();

    maker.give_up(task, std::move(stores));

    EXPECT_FALSE(maker.is_held(task));
    const auto taken = maker.make_stores(task, false);
    EXPECT_THAT(taken.get(), Eq(open));
    EXPECT_THAT(row_of(*taken), Eq("value"));
    EXPECT_TRUE(maker.is_held(task));
    EXPECT_THAT(maker.make_stores(task, false), IsNull());
}

TEST_F(StoreShelves, CloseStoresThatNoThreadTakes) {
    maker.give_up(task, with_a_row());
    EXPECT_EQ(shelf.run_once(clock.now()), StoreShelf::kKept);
    clock.advance(StoreShelf::kKept - 1ms);
    EXPECT_EQ(shelf.run_once(clock.now()), 1ms);
    EXPECT_FALSE(directory.try_lock(task));

    clock.advance(1ms);
    EXPECT_EQ(shelf.run_once(clock.now()), 0ms);

    EXPECT_EQ(shelf.run_once(clock.now()), Driven::kUntilWoken);
    EXPECT_TRUE(directory.try_lock(task));
    directory.unlock(task);
    const auto again = maker.make_stores(task, false);
    ASSERT_THAT(again, NotNull());
    EXPECT_THAT(row_of(*again), Eq("value"));
}

TEST_F(StoreShelves, DoNotHandOverStoresThatAreToBeClosed) {
    maker.close_later(task, with_a_row());
    EXPECT_TRUE(maker.is_held(task));
    EXPECT_THAT(maker.make_stores(task, false), IsNull());

    EXPECT_EQ(shelf.run_once(clock.now()), 0ms);

    EXPECT_FALSE(maker.is_held(task));
    EXPECT_THAT(maker.make_stores(task, false), NotNull());
}

TEST_F(StoreShelves, HandStoresOverEmptyIfTheirStateMayNotBeUsed) {
    maker.give_up(task, with_a_row());

    const auto wiped = maker.make_stores(task, true);

    EXPECT_THAT(row_of(*wiped), Eq(NullableBytes()));
    EXPECT_THAT(wiped->changelog_offset(0), Eq(std::nullopt));
}

TEST_F(StoreShelves, CloseStoresAtOnceWhenTheClientEnds) {
    shelf.shut();

    maker.give_up(task, with_a_row());

    EXPECT_TRUE(directory.try_lock(task));
}

}  // namespace
}  // namespace millrace::runtime
