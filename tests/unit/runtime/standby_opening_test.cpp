// SPDX-License-Identifier: Apache-2.0

// When a thread opens its standbys.
#include "runtime/thread/standby_tasks.hpp"
#include "unit/runtime/standby_processes.hpp"

namespace millrace::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class OpenedStandbys : public StandbyTasksTest {};

TEST_P(OpenedStandbys, WaitForTheTasks) {
    const Process& process = start("one", 0);
    StandbyTasks opened({.thread_name = "one-1",
                         .task_maker = process.maker.get(),
                         .task_settings = task_settings,
                         .restorer = process.restorer.get(),
                         .clock = &clock,
                         .wake_up = [] {}});
    constexpr TaskId k0{0, 0};
    constexpr TaskId k1{0, 1};

    EXPECT_TRUE(opened.update({k0}, true));
    EXPECT_TRUE(opened.complete());

    EXPECT_TRUE(opened.update({k1}, false)) << "it closes the other one";
    EXPECT_THAT(opened.ids(), IsEmpty());
    EXPECT_FALSE(opened.complete());
    EXPECT_FALSE(opened.update({k1}, false));

    EXPECT_TRUE(opened.update({k1}, true));
    EXPECT_THAT(opened.ids(), ElementsAre(k1));
    EXPECT_TRUE(opened.complete());
}

INSTANTIATE_TEST_SUITE_P(OnDisk, OpenedStandbys,
                         ::testing::Values(StandbyVariant{StoreEngine::kRocksDb, false}));

}  // namespace
}  // namespace millrace::runtime
