// SPDX-License-Identifier: Apache-2.0
#include "unit/restore/restorers_fixture.hpp"

namespace millrace::restore {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

using RestorerPoolTest = RestorersTest;

TEST_F(RestorerPoolTest, ATaskGoesToTheRestorerWithTheFewestChangelogs) {
    for (Partition partition = 0; partition < 4; ++partition) {
        add(partition);
    }
    EXPECT_THAT((std::vector{place_of(0), place_of(1), place_of(2), place_of(3)}),
                ElementsAre(0, 1, 0, 1));

    pool().remove(this, {0, 1});
    pool().remove(this, {0, 3});
    add(4);
    add(5);

    EXPECT_THAT((std::vector{place_of(4), place_of(5)}), ElementsAre(1, 1));
}

TEST_F(RestorerPoolTest, StandbysAreSpreadWhateverIsRestored) {
    add(0);
    add(1);
    add(2);
    follow(3);
    follow(4);

    EXPECT_THAT((std::vector{place_of(3), place_of(4)}), ElementsAre(1, 0));
}

TEST_F(RestorerPoolTest, EachRestorerRestoresItsTasks) {
    produce(0, 10);
    produce(1, 20);
    add(0);
    add(1);
    EXPECT_FALSE(pool().idle());
    ASSERT_TRUE(run_until([this] { return done.size() == 2; }));

    EXPECT_TRUE(pool().idle());
    EXPECT_EQ(value_of(0, "k9"), "v9");
    EXPECT_EQ(value_of(1, "k19"), "v19");
    EXPECT_EQ(metric("restore-records-total", "r-1"), 10);
    EXPECT_EQ(metric("restore-records-total", "r-2"), 20);
}

TEST_F(RestorerPoolTest, ARestorerThatIsNotRunDoesNotDelayTheOther) {
    produce(0, 10);
    produce(1, 10);
    add(0);
    add(1);
    for (int round = 0; round < 10; ++round) {
        pool().restorers().back()->run_once(clock.now());
    }

    EXPECT_THAT(done, ElementsAre(1));
}

TEST_F(RestorerPoolTest, ARemovedTaskDoesNotDisturbTheOthers) {
    produce(0, 10);
    produce(1, 10);
    broker.disconnect("r-1-restore-consumer");
    add(0);
    add(1);
    pool().restorers().front()->run_once(clock.now());  // Has begun to read.
    pool().remove(this, {0, 0});
    run(10);

    EXPECT_THAT(done, ElementsAre(1));
    EXPECT_THAT(suspended, ElementsAre(0));
    EXPECT_EQ(place_of(0), -1);
    EXPECT_EQ(restored[0], 0);
}

TEST_F(RestorerPoolTest, APromotedStandbyStaysWithItsRestorer) {
    produce(0, 5);
    produce(1, 5);
    follow(0);
    follow(1);
    run(10);
    add(2);
    produce(1, 8);
    const int place = place_of(1);
    ASSERT_TRUE(promote(1));

    EXPECT_EQ(place_of(1), -1);
    EXPECT_EQ(place_of(1, &done), place);
    ASSERT_TRUE(run_until([this] { return done.size() == 2; }));
    EXPECT_THAT(done, UnorderedElementsAre(1, 2));
    EXPECT_EQ(value_of(1, "k7"), "v7");
    EXPECT_EQ(place_of(0), 0) << "the other standby is still followed";
}

TEST_F(RestorerPoolTest, OnlyItsOwnerCanHoldOrPromoteAStandby) {
    follow(0);
    EXPECT_FALSE(pool().hold(&done, {0, 0}));
    EXPECT_FALSE(pool().hold(this, {0, 1}));
    EXPECT_FALSE(pool().promote(this, {0, 1}, &done, to_restore(1), mailbox()));
    EXPECT_TRUE(pool().hold(this, {0, 0}));
}

TEST_F(RestorerPoolTest, ShowsTheProgressOfAllRestores) {
    produce(0, 10);
    produce(1, 20);
    std::vector<RestoreProgress> seen;
    listener.on_batch_restored = [&](const TopicPartition& changelog, const auto&, Offset,
                                     std::int64_t) {
        if (changelog.partition == 1) {
            seen = board.snapshot();
        }
    };
    add(0);
    add(1);
    pool().restorers().back()->run_once(clock.now());
    clock.advance(2s);
    pool().restorers().back()->run_once(clock.now());

    ASSERT_THAT(seen, SizeIs(1));
    EXPECT_EQ(seen.front(), (RestoreProgress{.task = {0, 1},
                                             .store = "s",
                                             .changelog = {"log", 1},
                                             .restored = 20,
                                             .remaining = 0,
                                             .records_per_second = 10,
                                             .expected_time = 0ms}));
    ASSERT_TRUE(run_until([this] { return done.size() == 2; }));
    EXPECT_THAT(board.snapshot(), IsEmpty());
}

TEST_F(RestorerPoolTest, ARemovedTaskHasNoProgress) {
    produce(0, 10);
    broker.disconnect("r-1-restore-consumer");
    add(0);
    run(3);
    ASSERT_THAT(board.snapshot(), SizeIs(1));
    EXPECT_EQ(board.snapshot().front().remaining, 10);
    EXPECT_EQ(metric("restore-remaining-records-total", "r-1"), 10);
    EXPECT_EQ(metric("active-restoring-tasks", "r-1"), 1);

    pool().remove(this, {0, 0});
    EXPECT_THAT(board.snapshot(), IsEmpty());
    EXPECT_THAT(suspended, ElementsAre(0));
    EXPECT_EQ(metric("restore-remaining-records-total", "r-1"), -1) << "is removed";
    run();
    EXPECT_EQ(metric("active-restoring-tasks", "r-1"), 0);
}

TEST_F(RestorerPoolTest, CountsTheStandbysOfEachThread) {
    follow(0);
    follow(1);
    follow(2);
    run();

    EXPECT_EQ(metric("standby-updating-tasks", "r-1"), 2);
    EXPECT_EQ(metric("standby-updating-tasks", "r-2"), 1);
    EXPECT_THAT(board.snapshot(), IsEmpty());
}

}  // namespace
}  // namespace millrace::restore
