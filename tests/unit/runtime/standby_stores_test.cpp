// SPDX-License-Identifier: Apache-2.0

// The stores of standbys: what is kept on disk, and what a standby does when they fail.
#include "state/format/state_corrupted.hpp"
#include "unit/runtime/standby_processes.hpp"

#include <fstream>
#include <stdexcept>

namespace millrace::runtime {
namespace {

using ::testing::SizeIs;

TEST_P(StandbyTasksTest, AreClosedCleanlyWhenTheyAreNotWantedAnyMore) {
    if (GetParam().engine == StoreEngine::kInMemory) {
        return;
    }
    ASSERT_NO_FATAL_FAILURE(let_two_processes_count(1));
    Process& one = *processes[0];
    Process& two = *processes[1];
    close(one);
    ASSERT_TRUE(settles());
    close(two);

    Process& again = start("one");
    ASSERT_TRUE(settles());
    EXPECT_LE(again.restored, 20) << "its standbys were on disk; what two restored counts only";
    EXPECT_TRUE(produce_and_count());
}

TEST_P(StandbyTasksTest, WithDamagedFilesAreRebuilt) {
    if (GetParam().engine == StoreEngine::kInMemory) {
        return;
    }
    ASSERT_NO_FATAL_FAILURE(let_two_processes_count(1));
    Process& one = *processes[0];
    const std::vector<TaskId> standby = processes.back()->tasks(true);
    close(*processes.back());
    ASSERT_TRUE(settles());
    for (const TaskId& id : standby) {
        const auto task = folder / "two" / "app" / to_string(id);
        for (const auto& file : std::filesystem::recursive_directory_iterator(task)) {
            if (file.path().filename().string().starts_with("CURRENT") ||
                file.path().extension() == ".sst") {
                std::ofstream(file.path(), std::ios::trunc) << "damaged";
            }
        }
    }

    Process& two = start("two");
    ASSERT_TRUE(settles());
    let_standbys_catch_up();
    kill(one);
    ASSERT_TRUE(settles());
    EXPECT_TRUE(produce_and_count());
    EXPECT_THAT(two.tasks(false), SizeIs(4));
}

TEST_P(StandbyTasksTest, WhoseDamageIsFoundLaterAreRebuilt) {
    ASSERT_NO_FATAL_FAILURE(let_two_processes_count(1));
    Process& one = *processes[0];
    Process& two = *processes[1];
    two.on_loaded = [&] {
        two.on_loaded = nullptr;
        throw state::StateCorrupted("of the test");
    };
    produce();
    ASSERT_TRUE(run_until([&] { return counted() && two.on_loaded == nullptr; }));
    ASSERT_TRUE(settles());
    let_standbys_catch_up();

    kill(one);
    ASSERT_TRUE(settles());
    EXPECT_TRUE(produce_and_count());
}

TEST_P(StandbyTasksTest, ThatFailForAnotherReasonEndTheirThread) {
    start("one");
    Process& two = start("two");
    ASSERT_TRUE(settles());
    two.on_loaded = [] { throw std::runtime_error("disk of the test is full"); };
    produce();

    EXPECT_THROW(run_until([] { return false; }, 500), std::runtime_error);
}

}  // namespace
}  // namespace millrace::runtime
