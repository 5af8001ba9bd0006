// SPDX-License-Identifier: Apache-2.0
#include "assignment/task_assignment.hpp"

#include <gmock/gmock.h>

namespace millrace::assignment {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr TaskLag kBehind = 100'000;

/// Processes with one thread each, which has the name of its process.
class Group {
  public:
    Group& tasks(int partitions, bool stateful = true) {
        const int part =
            cluster_.tasks.empty() ? 0 : cluster_.tasks.rbegin()->first.sub_topology + 1;
        for (int partition = 0; partition < partitions; ++partition) {
            cluster_.tasks.emplace(TaskId{part, partition}, stateful);
        }
        return *this;
    }
    Group& process(const std::string& name, std::set<TaskId> active = {},
                   std::set<TaskId> standby = {}, TaskLags lags = {}) {
        for (const TaskId& task : active) {
            lags.try_emplace(task, 0);
        }
        for (const TaskId& task : standby) {
            lags.try_emplace(task, 0);
        }
        cluster_.processes.push_back({.name = name,
                                      .threads = {{.member = name,
                                                   .active = std::move(active),
                                                   .standby = std::move(standby)}},
                                      .lags = std::move(lags)});
        return *this;
    }
    Group& changelog_of(TaskId task, std::int64_t records) {
        cluster_.sizes[task] = records;
        return *this;
    }
    Group& tag(const std::string& zone) {
        options.rack_tags = {"zone"};
        cluster_.processes.back().tags["zone"] = zone;
        return *this;
    }
    Group& thread(const std::string& member, std::set<TaskId> active = {},
                  std::set<TaskId> standby = {}) {
        cluster_.processes.back().threads.push_back(
            {member, std::move(active), std::move(standby)});
        return *this;
    }
    Group& of_first_version() {
        cluster_.processes.back().replicates = false;
        return *this;
    }
    TaskAssignment assign() const { return assign_tasks(cluster_, options); }

    AssignorOptions options;

  private:
    Cluster cluster_;
};

auto tasks_are(auto active, auto standby) {
    return AllOf(Field(&MemberTasks::active, active), Field(&MemberTasks::standby, standby));
}

constexpr TaskId k0{0, 0};
constexpr TaskId k1{0, 1};
constexpr TaskId k2{0, 2};
constexpr TaskId k3{0, 3};

TEST(TaskAssignment, AColdProcessWarmsUpBeforeItGetsATask) {
    Group group;
    group.tasks(2).process("a", {k0, k1}).process("b");

    const TaskAssignment assigned = group.assign();

    EXPECT_THAT(assigned.members.at("a"), tasks_are(ElementsAre(k0, k1), IsEmpty()));
    EXPECT_THAT(assigned.members.at("b").active, IsEmpty());
    EXPECT_THAT(assigned.members.at("b").standby, SizeIs(1));
    EXPECT_FALSE(assigned.complete);
}

TEST(TaskAssignment, ATaskMovesWhenItsNewProcessIsCaughtUp) {
    Group group;
    group.options.acceptable_recovery_lag = 10;
    group.tasks(2).process("a", {k0, k1}).process("b", {}, {k1}, {{k1, 10}});

    const TaskAssignment assigned = group.assign();

    EXPECT_THAT(assigned.members.at("a"), tasks_are(ElementsAre(k0), IsEmpty()));
    EXPECT_THAT(assigned.members.at("b"), tasks_are(ElementsAre(k1), IsEmpty()));
    EXPECT_TRUE(assigned.complete);
}

TEST(TaskAssignment, AWarmUpThatIsNotCaughtUpGoesOn) {
    Group group;
    group.options.acceptable_recovery_lag = 10;
    group.tasks(2).process("a", {k0, k1}).process("b", {}, {k1}, {{k1, 11}});

    const TaskAssignment assigned = group.assign();

    EXPECT_THAT(assigned.members.at("a"), tasks_are(ElementsAre(k0, k1), IsEmpty()));
    EXPECT_THAT(assigned.members.at("b"), tasks_are(IsEmpty(), ElementsAre(k1)));
    EXPECT_FALSE(assigned.complete);
}

TEST(TaskAssignment, ATaskWithASmallChangelogMovesAtOnceToAColdProcess) {
    Group group;
    group.options.acceptable_recovery_lag = 10;
    group.tasks(2).process("a", {k0, k1}).process("b").process("c", {}, {}, {{k0, kUnknownLag}});
    group.changelog_of(k0, 10).changelog_of(k1, 10);

    const TaskAssignment assigned = group.assign();

    EXPECT_THAT(assigned.members.at("a").active, SizeIs(1));
    EXPECT_THAT(assigned.members.at("c"), tasks_are(ElementsAre(k0), IsEmpty()));
    EXPECT_TRUE(assigned.complete);
}

TEST(TaskAssignment, ATaskWithALargerChangelogWarmsUp) {
    Group group;
    group.options.acceptable_recovery_lag = 10;
    group.tasks(2).process("a", {k0, k1}).process("b");
    group.changelog_of(k0, 11).changelog_of(k1, 11);

    const TaskAssignment assigned = group.assign();

    EXPECT_THAT(assigned.members.at("b"), tasks_are(IsEmpty(), SizeIs(1)));
    EXPECT_FALSE(assigned.complete);
}

TEST(TaskAssignment, WarmUpsAreLimited) {
    Group group;
    group.options.warmup_replicas = 3;
    group.tasks(10).process("a", {k0, k1, k2, k3, {0, 4}, {0, 5}, {0, 6}, {0, 7}, {0, 8}, {0, 9}});
    group.process("b");

    EXPECT_THAT(group.assign().members.at("b"), tasks_are(IsEmpty(), SizeIs(3)));
}

TEST(TaskAssignment, ATaskWithoutAnOwnerGoesToTheProcessThatIsFurthest) {
    Group group;
    group.tasks(2)
        .process("a", {}, {}, {{k0, kBehind}, {k1, kBehind}})
        .process("b", {}, {k0, k1})
        .process("c");

    const TaskAssignment assigned = group.assign();

    EXPECT_THAT(assigned.members.at("b").active, ElementsAre(k0, k1));
    EXPECT_FALSE(assigned.complete);
}

TEST(TaskAssignment, WithoutAnyStateTheBalancedProcessesGetTheTasksAtOnce) {
    Group group;
    group.tasks(2).process("a").process("b");

    const TaskAssignment assigned = group.assign();

    EXPECT_THAT(assigned.members.at("a"), tasks_are(SizeIs(1), IsEmpty()));
    EXPECT_THAT(assigned.members.at("b"), tasks_are(SizeIs(1), IsEmpty()));
    EXPECT_TRUE(assigned.complete);
}

TEST(TaskAssignment, ATaskGoesBackToWhereItsStateIs) {
    Group group;
    group.tasks(2).process("a", {}, {}, {{k1, 0}}).process("b", {}, {}, {{k0, kUnknownLag}});

    const TaskAssignment assigned = group.assign();

    EXPECT_THAT(assigned.members.at("a").active, ElementsAre(k1));
    EXPECT_THAT(assigned.members.at("b").active, ElementsAre(k0));
    EXPECT_TRUE(assigned.complete);
}

TEST(TaskAssignment, StandbysAreOnOtherProcessesAndStayThere) {
    Group group;
    group.options.standby_replicas = 1;
    group.tasks(2).process("a", {k0}).process("b", {k1}, {k0}).process("c", {}, {k1});

    const TaskAssignment assigned = group.assign();

    EXPECT_THAT(assigned.members.at("a"), tasks_are(ElementsAre(k0), IsEmpty()));
    EXPECT_THAT(assigned.members.at("b"), tasks_are(ElementsAre(k1), ElementsAre(k0)));
    EXPECT_THAT(assigned.members.at("c"), tasks_are(IsEmpty(), ElementsAre(k1)));
    EXPECT_TRUE(assigned.complete);
}

TEST(TaskAssignment, AStandbyTakesOverFromAProcessThatEnded) {
    Group group;
    group.options.standby_replicas = 1;
    group.tasks(2).process("b", {k1}, {k0}).process("c");

    const TaskAssignment assigned = group.assign();

    EXPECT_THAT(assigned.members.at("b").active, ElementsAre(k0, k1)) << "the only one with state";
    EXPECT_THAT(assigned.members.at("c").standby, ElementsAre(k0, k1));
    EXPECT_FALSE(assigned.complete);
}

TEST(TaskAssignment, AStandbyIsKeptUntilItsSuccessorIsCaughtUp) {
    Group group;
    group.options.standby_replicas = 1;
    group.tasks(2).process("a", {k0, k1}).process("b", {}, {k0, k1}).process("c");

    const TaskAssignment assigned = group.assign();

    EXPECT_THAT(assigned.members.at("b").standby, SizeIs(testing::Ge(1U)));
    for (const TaskId task : {k0, k1}) {
        int caught_up = 0;
        for (const char* member : {"a", "b"}) {
            const MemberTasks& tasks = assigned.members.at(member);
            caught_up +=
                static_cast<int>(std::count(tasks.active.begin(), tasks.active.end(), task) +
                                 std::count(tasks.standby.begin(), tasks.standby.end(), task));
        }
        EXPECT_EQ(caught_up, 2) << to_string(task);
    }
}

TEST(TaskAssignment, StandbysAreInOtherZones) {
    Group group;
    group.options.standby_replicas = 1;
    group.tasks(4);
    group.process("a", {k0}).tag("1").process("b", {k1}).tag("1");
    group.process("c", {k2}).tag("2").process("d", {k3}).tag("2");

    const TaskAssignment assigned = group.assign();

    for (const char* member : {"a", "b"}) {
        EXPECT_THAT(assigned.members.at(member).standby, testing::Each(testing::AnyOf(k2, k3)));
        EXPECT_THAT(assigned.members.at(member).standby, SizeIs(1));
    }
}

TEST(TaskAssignment, StandbysShareAZoneIfThereIsNoOther) {
    Group group;
    group.options.standby_replicas = 1;
    group.tasks(1).process("a", {k0}).tag("1").process("b").tag("1");

    EXPECT_THAT(group.assign().members.at("b").standby, ElementsAre(k0));
}

TEST(TaskAssignment, AProcessOfTheFirstVersionGetsTasksAtOnceAndNoStandbys) {
    Group group;
    group.options.standby_replicas = 1;
    group.tasks(2).process("a", {k0, k1}).process("b").of_first_version();

    const TaskAssignment assigned = group.assign();

    EXPECT_THAT(assigned.members.at("b"), tasks_are(SizeIs(1), IsEmpty()));
    EXPECT_TRUE(assigned.complete);
}

TEST(TaskAssignment, StatelessTasksMoveAtOnce) {
    Group group;
    group.options.standby_replicas = 1;
    group.tasks(2, false).process("a", {k0, k1}).process("b");

    const TaskAssignment assigned = group.assign();

    EXPECT_THAT(assigned.members.at("a"), tasks_are(SizeIs(1), IsEmpty()));
    EXPECT_THAT(assigned.members.at("b"), tasks_are(SizeIs(1), IsEmpty()));
    EXPECT_TRUE(assigned.complete);
}

TEST(TaskAssignment, ATaskIsRunByTheThreadThatKeptItUpToDate) {
    Group group;
    group.tasks(4).process("p-1", {k0}).thread("p-2", {k1}, {k3}).thread("p-3", {}, {k2});

    const TaskAssignment assigned = group.assign();

    EXPECT_THAT(assigned.members.at("p-1").active, ElementsAre(k0));
    EXPECT_THAT(assigned.members.at("p-3").active, testing::Contains(k2));
    EXPECT_THAT(assigned.members.at("p-2").active, testing::Contains(k1));
}

TEST(TaskAssignment, ThreadsWithoutTasksAreMembers) {
    Group group;
    group.tasks(1).process("a").process("b");

    EXPECT_THAT(group.assign().members, SizeIs(2));
    EXPECT_THAT(Group().tasks(1).assign().members, IsEmpty());
}

}  // namespace
}  // namespace millrace::assignment
