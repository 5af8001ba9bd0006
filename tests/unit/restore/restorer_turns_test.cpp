// SPDX-License-Identifier: Apache-2.0

// A restorer reads a limited number of changelogs at a time.
#include "unit/restore/restorers_fixture.hpp"

namespace millrace::restore {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RestorerTurns : public RestorersTest {
  protected:
    RestorerTurns() { parts.changelogs_at_once = 1; }

    /// One restorer.
    RestorerPool& one() { return pool(1); }

    /// More than one round reads.
    static constexpr int kLong = 150'000;
};

TEST_F(RestorerTurns, ChangelogsThatWaitAreReadInTheirOrder) {
    one();
    for (Partition partition = 0; partition < 4; ++partition) {
        produce(partition, 10);
        add(partition);
    }
    run();
    EXPECT_THAT(done, IsEmpty()) << "records come after the round that asks for them";

    ASSERT_TRUE(run_until([this] { return done.size() == 4; }));
    EXPECT_THAT(done, ElementsAre(0, 1, 2, 3));
    EXPECT_EQ(value_of(3, "k9"), "v9");
}

TEST_F(RestorerTurns, NoMoreChangelogsAreReadThanAllowed) {
    parts.changelogs_at_once = 2;
    one();
    broker.disconnect("r-1-restore-consumer");
    for (Partition partition = 0; partition < 4; ++partition) {
        produce(partition, 10);
        add(partition);
    }
    run(3);
    EXPECT_THAT(board.snapshot(), SizeIs(4)) << "those that wait are shown, too";
    broker.reconnect("r-1-restore-consumer");
    ASSERT_TRUE(run_until([this] { return !done.empty(); }));

    EXPECT_EQ(restored.size(), 2U);
}

TEST_F(RestorerTurns, AShortRestoreDoesNotWaitForALongOne) {
    parts.records_in_turn = 100'000;
    one();
    produce(0, kLong);
    produce(1, 10);
    add(0);
    add(1);
    ASSERT_TRUE(run_until([this] { return done.size() == 2; }));

    EXPECT_THAT(done, ElementsAre(1, 0));
    EXPECT_EQ(restored[0], kLong) << "no record is lost or read twice";
    EXPECT_EQ(value_of(0, "k99"), "v" + std::to_string(kLong - 1));
}

TEST_F(RestorerTurns, ALongRestoreKeepsItsPlaceIfItsTurnIsNotOver) {
    parts.records_in_turn = 1'000'000;
    one();
    produce(0, kLong);
    produce(1, 10);
    add(0);
    add(1);
    ASSERT_TRUE(run_until([this] { return done.size() == 2; }));

    EXPECT_THAT(done, ElementsAre(0, 1));
}

TEST_F(RestorerTurns, AChangelogThatCannotBeReadMakesPlaceAfterFiveSeconds) {
    parts.consumer_settings["isolation.level"] = "read_committed";
    one();
    auto transaction = broker.begin_transaction("tx");
    transaction.produce("log", {.key = "a", .value = "1", .partition = 0});
    produce(1, 10);
    add(0);
    add(1);
    run(400);
    EXPECT_THAT(done, IsEmpty());

    ASSERT_TRUE(run_until([this] { return !done.empty(); }));
    EXPECT_THAT(done, ElementsAre(1));
    transaction.commit();
    ASSERT_TRUE(run_until([this] { return done.size() == 2; }));
    EXPECT_EQ(value_of(0, "a"), "1");
}

TEST_F(RestorerTurns, ATaskThatWaitsCanBeRemoved) {
    one();
    broker.disconnect("r-1-restore-consumer");
    produce(0, 10);
    produce(1, 10);
    add(0);
    add(1);
    run(2);
    one().remove(this, {0, 1});
    EXPECT_THAT(suspended, ElementsAre(1));
    broker.reconnect("r-1-restore-consumer");
    ASSERT_TRUE(run_until([this] { return !done.empty(); }));
    add(1);
    ASSERT_TRUE(run_until([this] { return done.size() == 2; }));
    EXPECT_EQ(value_of(1, "k9"), "v9");
}

TEST_F(RestorerTurns, AStandbyThatIsLoadedMakesPlaceForATask) {
    one();
    produce(0, kLong);
    produce(1, 10);
    follow(0);
    run(2);
    const std::string last = "v" + std::to_string(kLong - 1);
    add(1);
    ASSERT_TRUE(run_until([this] { return !done.empty(); }));
    EXPECT_NE(value_of(0, "k99"), last) << "more rounds are needed";

    EXPECT_TRUE(run_until([&] { return value_of(0, "k99") == last; })) << "continues afterwards";
}

TEST_F(RestorerTurns, AStandbyThatWaitsCanBePromoted) {
    one();
    broker.disconnect("r-1-restore-consumer");
    produce(0, 10);
    produce(1, 10);
    add(0);
    run();
    follow(1);
    run();
    ASSERT_TRUE(promote(1));
    run();
    broker.reconnect("r-1-restore-consumer");
    ASSERT_TRUE(run_until([this] { return done.size() == 2; }));

    EXPECT_EQ(value_of(1, "k9"), "v9");
}

TEST_F(RestorerTurns, StandbysThatHaveCaughtUpNeedNoPlace) {
    one();
    for (Partition partition = 0; partition < 4; ++partition) {
        produce(partition, 10);
        follow(partition);
    }
    ASSERT_TRUE(run_until([this] {
        return value_of(0, "k9") == "v9" && value_of(1, "k9") == "v9" &&
               value_of(2, "k9") == "v9" && value_of(3, "k9") == "v9";
    }));

    for (Partition partition = 0; partition < 4; ++partition) {
        produce(partition, 50);
    }
    run(3);
    for (Partition partition = 0; partition < 4; ++partition) {
        EXPECT_EQ(value_of(partition, "k49"), "v49") << partition;
    }
}

}  // namespace
}  // namespace millrace::restore
