// SPDX-License-Identifier: Apache-2.0

// Warm-ups without standbys: tasks are copied before they move.
#include "unit/runtime/standby_processes.hpp"

namespace millrace::runtime {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class WarmUps : public StandbyTasksTest {
  protected:
    WarmUps() {
        standbys = 0;
        acceptable_lag = 2;
        probing_interval = 10min;
    }

    /// The process "one" has counted some records of each key.
    Process& let_one_process_count() {
        Process& one = start("one");
        EXPECT_TRUE(settles());
        for (int i = 0; i < 3; ++i) {
            EXPECT_TRUE(produce_and_count());
        }
        run(30);  // A commit.
        return one;
    }

    /// The tasks of `one` when the process "two", which has joined, begins to copy tasks.
    std::size_t tasks_while_copying(const Process& one) {
        const Process& two = start("two");
        EXPECT_TRUE(run_until([&] { return !two.tasks(true).empty(); }));
        return one.tasks(false).size();
    }

    bool balances(const Process& one, const Process& two) {
        return run_until(
            [&] { return settled() && one.tasks(false).size() == two.tasks(false).size(); });
    }
};

TEST_P(WarmUps, CopyTheStateBeforeTheTaskMoves) {
    const Process& one = let_one_process_count();
    ASSERT_EQ(tasks_while_copying(one), 4U) << "until the copies have caught up";

    const Process& two = *processes.back();
    ASSERT_TRUE(balances(one, two)) << "long before the probing rebalance";
    EXPECT_EQ(two.restored, 0);
    EXPECT_EQ(two.promoted, 2);
    EXPECT_TRUE(produce_and_count());
}

TEST_P(WarmUps, AreNotNeededIfTheChangelogIsSmall) {
    acceptable_lag = 1'000;
    const Process& one = let_one_process_count();
    EXPECT_EQ(tasks_while_copying(one), 2U) << "the others move at once";

    ASSERT_TRUE(balances(one, *processes.back()));
    EXPECT_TRUE(produce_and_count());
}

TEST_P(WarmUps, AreNotNeededWhenNoProcessHasTheState) {
    let_one_process_count();
    close(*processes.front());
    std::filesystem::remove_all(folder);
    const Process& one = start("one");
    const Process& two = start("two");

    ASSERT_TRUE(balances(one, two));
    EXPECT_TRUE(produce_and_count());
}

TEST_P(WarmUps, EndWhenTheirProcessIsKilled) {
    const Process& one = let_one_process_count();
    Process& two = start("two");
    ASSERT_TRUE(run_until([&] { return !two.tasks(true).empty(); }));
    kill(two);

    ASSERT_TRUE(run_until([&] { return settled(); }));
    EXPECT_THAT(one.tasks(false), SizeIs(4));
    EXPECT_TRUE(produce_and_count());
}

TEST_P(WarmUps, LetTheTasksOfAProcessThatReturnsComeBack) {
    const Process& one = let_one_process_count();
    const Process* two = &start("two");
    ASSERT_TRUE(balances(one, *two));
    close(*processes.back());
    ASSERT_TRUE(produce_and_count());
    two = &start("two");

    ASSERT_TRUE(balances(one, *two));
    EXPECT_THAT(one.tasks(true), IsEmpty());
    EXPECT_TRUE(produce_and_count());
}

INSTANTIATE_TEST_SUITE_P(Variants, WarmUps, kStandbyVariants, name_of_variant);

}  // namespace
}  // namespace millrace::runtime
