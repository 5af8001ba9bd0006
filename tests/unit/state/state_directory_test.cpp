// SPDX-License-Identifier: Apache-2.0
#include "state/task/state_directory.hpp"
#include "millrace/core/error.hpp"
#include "support/temporary_directory.hpp"

#include <gmock/gmock.h>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace millrace::state {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StateDirectoryTest : public ::testing::Test {
  protected:
    void make_task(const std::string& name) {
        std::filesystem::create_directories(folder.path() / "app" / name);
        std::ofstream(folder.path() / "app" / name / "rows") << "x";
    }
    bool exists(const std::string& name) {
        return std::filesystem::exists(folder.path() / "app" / name);
    }

    ::millrace::testing::TemporaryDirectory folder;
    ManualClock clock{system_clock().now()};
};

TEST_F(StateDirectoryTest, OnlyTheOwnerHasAccess) {
    const StateDirectory directory(folder.path(), "app");

    struct stat about {};
    ASSERT_EQ(::stat((folder.path() / "app").c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0700U);
}

TEST_F(StateDirectoryTest, ProcessKeepsItsIdentityOverRestarts) {
    const std::string id = StateDirectory(folder.path(), "app").process_id();

    EXPECT_EQ(id.size(), 36U);
    EXPECT_EQ(StateDirectory(folder.path(), "app").process_id(), id);
    EXPECT_NE(StateDirectory(folder.path(), "other").process_id(), id);
}

TEST_F(StateDirectoryTest, UnreadableIdentityIsReplaced) {
    const std::string id = StateDirectory(folder.path(), "app").process_id();
    std::ofstream(folder.path() / "app" / "process.json") << "{\"processId\":";

    const std::string fresh = StateDirectory(folder.path(), "app").process_id();

    EXPECT_NE(fresh, id);
    EXPECT_EQ(StateDirectory(folder.path(), "app").process_id(), fresh);
}

TEST_F(StateDirectoryTest, IdentityThatIsNotAUuidIsReplaced) {
    const std::string id = StateDirectory(folder.path(), "app").process_id();
    // Too long for the data that members of a group exchange.
    std::ofstream(folder.path() / "app" / "process.json")
        << R"({"processId":")" << std::string(70'000, 'x') << "\"}";

    const std::string fresh = StateDirectory(folder.path(), "app").process_id();

    EXPECT_EQ(fresh.size(), id.size());
    EXPECT_EQ(StateDirectory(folder.path(), "app").process_id(), fresh);
}

TEST_F(StateDirectoryTest, SecondClientOfTheProcessIsRefused) {
    const StateDirectory directory(folder.path(), "app");

    try {
        const StateDirectory second(folder.path(), "app");
        FAIL() << "two clients share a folder";
    } catch (const StateError& error) {
        EXPECT_THAT(error.what(),
                    AllOf(HasSubstr(folder.path() / "app"), HasSubstr("this process")));
    }
}

TEST_F(StateDirectoryTest, SecondProcessIsRefusedWithTheHolder) {
    int ready[2];
    int done[2];
    ASSERT_EQ(::pipe(ready), 0);
    ASSERT_EQ(::pipe(done), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    char byte = 0;
    if (child == 0) {
        const StateDirectory directory(folder.path(), "app");
        if (::write(ready[1], "r", 1) != 1 || ::read(done[0], &byte, 1) != 1) {
            ::_exit(1);
        }
        ::_exit(0);
    }
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);

    try {
        const StateDirectory second(folder.path(), "app");
        ADD_FAILURE() << "two processes share a folder";
    } catch (const StateError& error) {
        EXPECT_THAT(error.what(), AllOf(HasSubstr(folder.path() / "app"),
                                        HasSubstr("process " + std::to_string(child))));
    }

    ASSERT_EQ(::write(done[1], "d", 1), 1);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_NO_THROW(StateDirectory(folder.path(), "app")) << "the lock goes with the process";
}

TEST_F(StateDirectoryTest, ListsTheTasksThatHaveStateInOrder) {
    const StateDirectory directory(folder.path(), "app");
    for (const char* name : {"10_0", "2_11", "2_3", "global", "1_x", "_1", "01_1"}) {
        make_task(name);
    }
    std::filesystem::create_directories(folder.path() / "app" / "3_0");

    EXPECT_THAT(directory.tasks(), ElementsAre(TaskId{2, 3}, TaskId{2, 11}, TaskId{10, 0}));
}

TEST_F(StateDirectoryTest, TaskHasOneOwnerAtATime) {
    StateDirectory directory(folder.path(), "app");

    EXPECT_TRUE(directory.try_lock({0, 1}));
    EXPECT_FALSE(directory.try_lock({0, 1}));
    EXPECT_TRUE(directory.try_lock({0, 2}));
    directory.unlock({0, 1});
    EXPECT_TRUE(directory.try_lock({0, 1}));
}

TEST_F(StateDirectoryTest, UnusedTasksAreDeletedOnlyWithoutOwnerAndAfterTheDelay) {
    StateDirectory directory(folder.path(), "app", clock);
    make_task("0_0");
    make_task("0_1");
    make_task("global");
    ASSERT_TRUE(directory.try_lock({0, 1}));

    EXPECT_EQ(directory.remove_unused(10min), 0U);
    clock.advance(11min);
    EXPECT_EQ(directory.remove_unused(10min), 1U);

    EXPECT_FALSE(exists("0_0"));
    EXPECT_TRUE(exists("0_1"));
    EXPECT_TRUE(exists("global"));
}

TEST_F(StateDirectoryTest, ReleasingATaskCountsAsUse) {
    StateDirectory directory(folder.path(), "app", clock);
    make_task("0_0");
    const auto long_ago = std::filesystem::file_time_type::clock::now() - 24h;
    std::filesystem::last_write_time(folder.path() / "app" / "0_0", long_ago);
    directory.try_lock({0, 0});
    directory.unlock({0, 0});
    clock.advance(1min);

    EXPECT_EQ(directory.remove_unused(10min), 0U);
}

TEST_F(StateDirectoryTest, CleanUpRemovesAllStateButNotTheIdentity) {
    StateDirectory directory(folder.path(), "app");
    make_task("0_0");
    make_task("global");
    directory.try_lock({0, 0});
    EXPECT_THROW(directory.clean_up(), StateError);
    EXPECT_TRUE(exists("0_0"));

    directory.unlock({0, 0});
    directory.clean_up();

    EXPECT_THAT(directory.tasks(), IsEmpty());
    EXPECT_FALSE(exists("global"));
    EXPECT_TRUE(exists("process.json"));
}

TEST_F(StateDirectoryTest, FolderThatCannotBeCreatedIsAClearError) {
    std::ofstream(folder.path() / "file") << "x";

    try {
        const StateDirectory directory(folder.path() / "file", "app");
        FAIL() << "a file is no folder";
    } catch (const StateError& error) {
        EXPECT_THAT(error.what(), HasSubstr((folder.path() / "file").string()));
    }
}

}  // namespace
}  // namespace millrace::state
