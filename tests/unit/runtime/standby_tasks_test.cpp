// SPDX-License-Identifier: Apache-2.0

// Standbys of several processes, driven round by round in one thread.
#include "unit/runtime/standby_processes.hpp"

#include <string>
#include <vector>

namespace millrace::runtime {
namespace {

TEST_P(StandbyTasksTest, AreKeptInOtherProcesses) {
    Process& one = start("one");
    Process& two = start("two");
    ASSERT_TRUE(settles());

    EXPECT_EQ(one.tasks(true), two.tasks(false));
    EXPECT_EQ(two.tasks(true), one.tasks(false));
    EXPECT_TRUE(produce_and_count());
    let_standbys_catch_up();
    for (const ClientMetric& metric : metrics.snapshot()) {
        if (metric.name == "standby-lag") {
            EXPECT_EQ(metric.value, 0);
        }
    }
}

TEST_P(StandbyTasksTest, AreReplacedByTasksWhenTheirProcessIsKilled) {
    ASSERT_NO_FATAL_FAILURE(let_two_processes_count(5));
    Process& one = with_more_tasks();
    Process& two = other_than(one);
    const auto tasks = static_cast<int>(one.tasks(false).size());
    ASSERT_GE(tasks, 2);
    two.restored = two.promoted = two.migrated = 0;

    kill(one);
    ASSERT_TRUE(settles());
    EXPECT_TRUE(produce_and_count());

    EXPECT_EQ(two.restored, 0) << "it had everything";
    EXPECT_EQ(two.promoted, tasks);
    EXPECT_EQ(two.migrated, 0);
}

TEST_P(StandbyTasksTest, RestoreOnlyTheirTailWhenTheyBecomeTasks) {
    ASSERT_NO_FATAL_FAILURE(let_two_processes_count(5));
    Process& one = with_more_tasks();
    Process& two = other_than(one);
    const auto tasks = static_cast<int>(one.tasks(false).size());
    ASSERT_GE(tasks, 2);
    for (int i = 0; i < 3; ++i) {
        produce();
    }
    ASSERT_TRUE(run_until([&] {
        for (const auto& thread : one.threads) {
            thread->run_once(clock.now());  // Ahead of the standbys.
        }
        return counted();
    }));
    two.restored = 0;

    kill(one);
    ASSERT_TRUE(settles());
    EXPECT_TRUE(produce_and_count());
    EXPECT_LE(two.restored, 60) << "not the first five of each key";
    EXPECT_GE(two.promoted, tasks);
}

TEST_P(StandbyTasksTest, ChangePlacesWithTasksWhenProcessesComeAndGo) {
    std::vector<std::string> names{"one", "two", "three"};
    for (const std::string& name : names) {
        start(name);
    }
    ASSERT_TRUE(settles());
    for (int i = 0; i < 6; ++i) {
        produce();
        run(7);
        const std::string name = processes.front()->name;
        if (i % 2 == 0) {
            close(*processes.front());
        } else {
            kill(*processes.front());
        }
        ASSERT_TRUE(run_until([&] { return settled() && counted(); })) << i;
        produce();
        start(name + std::to_string(i));
        ASSERT_TRUE(run_until([&] { return settled() && counted(); })) << i;
    }
    if (GetParam().exactly_once) {
        EXPECT_EQ(broker.records("out").size(), 20U * static_cast<unsigned>(produced));
    }
}

TEST_P(StandbyTasksTest, OfOneProcessMoveBetweenItsThreads) {
    start("one", 2);
    Process& two = start("two", 1);
    ASSERT_TRUE(settles());
    ASSERT_TRUE(produce_and_count());
    two.add_thread(*this, "two-2");
    ASSERT_TRUE(settles());
    two.threads.front()->close(1s);
    two.threads.erase(two.threads.begin());
    ASSERT_TRUE(settles());
    EXPECT_TRUE(produce_and_count());
}

INSTANTIATE_TEST_SUITE_P(Variants, StandbyTasksTest, kStandbyVariants, name_of_variant);

}  // namespace
}  // namespace millrace::runtime
