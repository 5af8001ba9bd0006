// SPDX-License-Identifier: Apache-2.0

// Standbys that become tasks.
#include "unit/restore/standby_fixture.hpp"

namespace millrace::restore {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

TEST_P(StandbyTest, ThatHasStartedAnewIsPromotedWithoutReading) {
    produce(5, "old");
    follow();
    run();
    broker.delete_topic("log");
    run(30);
    broker.create_topic("log", 1);
    produce(3, "new");
    run(60);
    ASSERT_EQ(value_of("k2"), "new");

    promote();
    run(60);

    ASSERT_THAT(results, SizeIs(1));
    EXPECT_EQ(restored, 0);
    EXPECT_EQ(value_of("k4"), "none");
}

TEST_P(StandbyTest, IsPromotedAfterItsTailIsReadWithoutClosingItsStores) {
    produce(3, "old");
    follow();
    run();
    paused = true;
    produce(3, "new");
    run();
    paused = false;
    promote();
    run();

    ASSERT_THAT(results, SizeIs(1));
    EXPECT_EQ(results.front().error, nullptr);
    EXPECT_EQ(restored, 3) << "only the tail";
    EXPECT_EQ(value_of("k2"), "new");
    EXPECT_EQ(stores->changelog_offset(0), 5);
    EXPECT_THAT(heard,
                ElementsAre("start at 0", "loaded to 2 of 3", "promoted at 2", "restore 3 to 6"));
    EXPECT_EQ(metric("standby-lag"), -1) << "is removed";
}

TEST_P(StandbyTest, ThatIsUpToDateIsPromotedWithoutReading) {
    produce(3);
    follow();
    run();
    promote();
    run();

    ASSERT_THAT(results, SizeIs(1));
    EXPECT_EQ(restored, 0);
}

TEST_P(StandbyTest, IsPromotedWhileItIsLoadedForTheFirstTime) {
    produce(3);
    follow();
    promote();
    run();

    ASSERT_THAT(results, SizeIs(1));
    EXPECT_EQ(value_of("k2"), "v");
    EXPECT_EQ(restored, 3);
}

TEST_P(StandbyTest, OfAnEmptyChangelogIsPromoted) {
    follow();
    run();
    promote();
    run();

    ASSERT_THAT(results, SizeIs(1));
    EXPECT_EQ(results.front().error, nullptr);
}

TEST_P(StandbyTest, HeldForPromotionIsNotTouched) {
    follow();
    run();
    ASSERT_TRUE(restorer().hold(this, kTask));
    produce(3);
    run();

    EXPECT_EQ(value_of("k2"), "none");
    restorer().remove(this, kTask);
    EXPECT_FALSE(restorer().hold(this, kTask));
}

TEST_P(StandbyTest, StartsAnewIfTheLogIsTruncatedBeforeItIsPromoted) {
    produce(5, "old");
    follow();
    run();
    ASSERT_TRUE(restorer().hold(this, kTask));
    broker.truncate({"log", 0}, 2);
    ASSERT_TRUE(
        restorer().promote(this, kTask, &results, to_restore(),
                           [this](RestoreResult result) { results.push_back(std::move(result)); }));
    run(60);

    ASSERT_THAT(results, SizeIs(1));
    EXPECT_EQ(results.front().error, nullptr);
    EXPECT_EQ(value_of("k1"), "old");
    EXPECT_EQ(value_of("k4"), "none");
}

}  // namespace
}  // namespace millrace::restore
