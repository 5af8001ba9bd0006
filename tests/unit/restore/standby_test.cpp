// SPDX-License-Identifier: Apache-2.0
#include "unit/restore/standby_fixture.hpp"

#include <filesystem>
#include <stdexcept>
#include <string>

namespace millrace::restore {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_P(StandbyTest, FollowsItsChangelogUntilItIsRemoved) {
    produce(3, "old");
    follow();
    run();
    EXPECT_EQ(value_of("k2"), "old");
    produce(3, "new");
    run();
    EXPECT_EQ(value_of("k2"), "new");
    EXPECT_TRUE(restorer().idle()) << "standbys do not count";

    restorer().remove(this, kTask);
    produce(3, "later");
    run();

    EXPECT_EQ(value_of("k2"), "new");
    EXPECT_THAT(heard,
                ElementsAre("start at 0", "loaded to 2 of 3", "loaded to 5 of 6", "migrated at 5"));
    EXPECT_EQ(restored, 0);
    EXPECT_EQ(metric("standby-update-records-total"), 6);
    EXPECT_THAT(failures, IsEmpty());
}

TEST_P(StandbyTest, ContinuesWhereItWasClosed) {
    produce(3);
    follow();
    run();
    restorer().remove(this, kTask);
    stores->close();
    produce(2);
    if (GetParam() == StoreEngine::kInMemory) {
        return;
    }
    heard.clear();
    open();
    follow();
    run();

    EXPECT_THAT(heard, ElementsAre("start at 3", "loaded to 4 of 5"));
}

TEST_P(StandbyTest, WaitsWhileTheClientIsPaused) {
    paused = true;
    produce(3);
    follow();
    run();
    EXPECT_EQ(value_of("k2"), "none");
    paused = false;
    run();
    EXPECT_EQ(value_of("k2"), "v");
}

TEST_P(StandbyTest, ReportsHowManyRecordsItLacks) {
    produce(3);
    follow();
    run();
    EXPECT_EQ(metric("standby-lag"), 0);
    EXPECT_EQ(lag, 0);

    paused = true;
    produce(5);
    run();
    paused = false;
    promote();
    EXPECT_EQ(metric("standby-lag"), -1) << "it is a task now";
    run();
    EXPECT_EQ(lag, 0);
}

TEST_P(StandbyTest, OfASourceTopicFollowsTheCommittedOffset) {
    produce(5);
    const kafka::OffsetCommit two{{"log", 0}, 2, -1, {}};
    ASSERT_TRUE(admin->alter_group_offsets("app", {&two, 1}, 1s).ok());
    limit = 0;
    follow();
    run(30);
    EXPECT_EQ(value_of("k1"), "v");
    EXPECT_EQ(value_of("k2"), "none") << "is not committed";
    EXPECT_EQ(lag, 0);

    const kafka::OffsetCommit four{{"log", 0}, 4, -1, {}};
    ASSERT_TRUE(admin->alter_group_offsets("app", {&four, 1}, 1s).ok());
    run(30);
    EXPECT_EQ(value_of("k3"), "v");
    EXPECT_EQ(value_of("k4"), "none");

    limit = 5;
    promote();
    run();
    ASSERT_THAT(results, SizeIs(1));
    EXPECT_EQ(value_of("k4"), "v");
    EXPECT_EQ(restored, 1);
}

TEST_P(StandbyTest, DoesNotSeeOpenAndAbortedTransactionsIfItReadsCommitted) {
    isolation = "read_committed";
    auto open = broker.begin_transaction();
    open.produce("log", {.key = "open", .value = "v"});
    broker.produce("log", {.key = "after", .value = "v"});
    follow();
    run();
    EXPECT_EQ(value_of("after"), "none");

    open.abort();
    run();
    EXPECT_EQ(value_of("open"), "none");
    EXPECT_EQ(value_of("after"), "v");
}

TEST_P(StandbyTest, StartsAnewIfItsOffsetsAreNotInTheChangelogAnyMore) {
    produce(5, "old");
    follow();
    run();
    paused = true;
    run();
    broker.truncate({"log", 0}, 2);
    broker.produce("log", {.key = "k0", .value = "other"});
    paused = false;
    run(60);

    EXPECT_EQ(value_of("k0"), "other");
    EXPECT_EQ(value_of("k1"), "old");
    EXPECT_EQ(value_of("k4"), "none");
    EXPECT_THAT(failures, IsEmpty());
}

TEST_P(StandbyTest, ReportsAnErrorThatEndsIt) {
    standby_listener.on_batch_loaded = [](const auto&, const auto&, TaskId, Offset, std::int64_t,
                                          Offset) { throw std::runtime_error("not today"); };
    produce(1);
    follow();
    run();

    ASSERT_THAT(failures, SizeIs(1));
    EXPECT_THROW(std::rethrow_exception(failures.front().error), std::runtime_error);
    EXPECT_FALSE(restorer().hold(this, kTask));
    EXPECT_EQ(metric("standby-lag"), -1) << "is removed";
}

TEST_P(StandbyTest, WaitsForTasksThatRestore) {
    broker.create_topic("other", 1);
    for (int i = 0; i < 20'000; ++i) {
        broker.produce("other", {.key = "k", .value = std::to_string(i)});
    }
    produce(1);
    state::TaskStores others({.directory = {},
                              .name = "0_1",
                              .specs = {{.name = "t", .engine = StoreEngine::kInMemory}}},
                             memory);
    std::int64_t restored_before = -1;
    standby_listener.on_batch_loaded = [&](const auto&, const auto&, TaskId, Offset, std::int64_t,
                                           Offset) { restored_before = restored; };
    follow();
    restorer().add(&others, {0, 1}, others, {{.store = 0, .name = "t", .changelog = {"other", 0}}},
                   [this](RestoreResult result) { results.push_back(std::move(result)); });
    run(30);

    EXPECT_THAT(results, SizeIs(1));
    EXPECT_EQ(value_of("k0"), "v");
    EXPECT_EQ(restored_before, 20'000);
}

TEST_P(StandbyTest, LosesLittleWhenTheProcessIsKilled) {
    if (GetParam() == StoreEngine::kInMemory) {
        return;
    }
    produce(3);
    follow();
    run();
    produce(2);
    run(400);  // Longer than statestore.flush.interval.ms.
    produce(1);
    run();
    const auto copy = folder.path() / "copy";
    std::filesystem::copy(folder.path() / "0_0", copy, std::filesystem::copy_options::recursive);
    restorer().remove(this, kTask);

    const state::TaskStores after({.directory = copy,
                                   .name = "0_0",
                                   .specs = {{.name = "s", .engine = GetParam()}},
                                   .clock = &clock},
                                  memory);
    EXPECT_GE(after.changelog_offset(0).value_or(-1), 2);
}

INSTANTIATE_TEST_SUITE_P(Engines, StandbyTest,
                         ::testing::Values(StoreEngine::kRocksDb, StoreEngine::kInMemory));

}  // namespace
}  // namespace millrace::restore
