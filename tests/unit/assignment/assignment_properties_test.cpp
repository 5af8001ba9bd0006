// SPDX-License-Identifier: Apache-2.0

// What holds for every group, shown for thousands of random ones.
#include "support/random_clusters.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <limits>

namespace millrace::assignment {
namespace {

using support::RandomCluster;

constexpr unsigned kSeeds = 500;  // For each of the four.

std::map<std::string, std::string> process_of_members(const Cluster& cluster) {
    std::map<std::string, std::string> result;
    for (const MemberProcess& process : cluster.processes) {
        for (const MemberThread& thread : process.threads) {
            result[thread.member] = process.name;
        }
    }
    return result;
}

struct Found {
    std::map<TaskId, std::vector<std::string>> active;
    std::map<TaskId, std::vector<std::string>> standby;
};

/// The processes of all copies.
Found find_all(const Cluster& cluster, const TaskAssignment& assigned) {
    const auto process_of = process_of_members(cluster);
    Found found;
    for (const auto& [member, tasks] : assigned.members) {
        for (const TaskId& task : tasks.active) {
            found.active[task].push_back(process_of.at(member));
        }
        for (const TaskId& task : tasks.standby) {
            found.standby[task].push_back(process_of.at(member));
        }
    }
    return found;
}

void expect_valid(const RandomCluster& group, const TaskAssignment& assigned) {
    const Cluster& cluster = group.cluster;
    EXPECT_EQ(assigned.members.size(), group.threads());
    const Found found = find_all(cluster, assigned);
    EXPECT_EQ(found.active.size(), cluster.tasks.size());
    const std::size_t wanted = std::min(static_cast<std::size_t>(group.options.standby_replicas),
                                        cluster.processes.size() - 1);
    std::size_t additional = 0;
    for (const auto& [task, stateful] : cluster.tasks) {
        ASSERT_TRUE(found.active.contains(task)) << to_string(task);
        ASSERT_EQ(found.active.at(task).size(), 1U) << to_string(task);
        const auto standby = found.standby.find(task);
        const std::size_t copies = standby == found.standby.end() ? 0 : standby->second.size();
        EXPECT_TRUE(stateful || copies == 0) << to_string(task);
        if (copies > 0) {
            std::set<std::string> places(standby->second.begin(), standby->second.end());
            EXPECT_EQ(places.size(), copies) << "twice on a process: " << to_string(task);
            places.insert(found.active.at(task).front());
            EXPECT_EQ(places.size(), copies + 1) << "beside the active: " << to_string(task);
        }
        if (stateful) {
            EXPECT_GE(copies, wanted) << to_string(task);
            additional += copies - std::min(copies, wanted);
        }
    }
    EXPECT_LE(additional, static_cast<std::size_t>(group.options.warmup_replicas));
    EXPECT_TRUE(!assigned.complete || additional == 0);
}

/// The difference between the fullest and the emptiest thread.
std::size_t spread(const TaskAssignment& assigned, const std::function<bool(TaskId)>& counts) {
    std::size_t least = std::numeric_limits<std::size_t>::max();
    std::size_t most = 0;
    for (const auto& [member, tasks] : assigned.members) {
        const auto count = static_cast<std::size_t>(
            std::count_if(tasks.active.begin(), tasks.active.end(), counts));
        least = std::min(least, count);
        most = std::max(most, count);
    }
    return most - least;
}

void expect_balanced(const RandomCluster& group, const TaskAssignment& assigned) {
    EXPECT_LE(spread(assigned, [](TaskId) { return true; }), 1U);
    EXPECT_LE(spread(assigned, [&](TaskId task) { return group.cluster.tasks.at(task); }), 1U)
        << "stateful tasks";
    for (int part = 0; part < 5; ++part) {
        EXPECT_LE(spread(assigned, [part](TaskId task) { return task.sub_topology == part; }), 1U)
            << "sub-topology " << part;
    }
}

void expect_nothing_moves(const RandomCluster& group) {
    const TaskAssignment again = group.assign();
    EXPECT_TRUE(again.complete);
    for (const MemberProcess& process : group.cluster.processes) {
        for (const MemberThread& thread : process.threads) {
            const MemberTasks& tasks = again.members.at(thread.member);
            EXPECT_TRUE(std::equal(tasks.active.begin(), tasks.active.end(), thread.active.begin(),
                                   thread.active.end()))
                << thread.member;
            EXPECT_TRUE(std::equal(tasks.standby.begin(), tasks.standby.end(),
                                   thread.standby.begin(), thread.standby.end()))
                << thread.member;
        }
    }
}

int bound(const RandomCluster& group) {
    return static_cast<int>(group.cluster.tasks.size()) * (1 + group.options.standby_replicas) /
               group.options.warmup_replicas +
           5;
}

class AssignmentProperties : public ::testing::Test {
  protected:
    static void for_each_group(const std::function<void(RandomCluster&)>& check) {
        for (unsigned seed = 0; seed < kSeeds && !HasFailure(); ++seed) {
            SCOPED_TRACE("seed " + std::to_string(seed));
            RandomCluster group(seed);
            check(group);
        }
    }

    static TaskAssignment settle(RandomCluster& group) {
        int rounds = 0;
        TaskAssignment assigned = group.converge(bound(group), rounds);
        EXPECT_LE(rounds, bound(group)) << "no end of probing";
        return assigned;
    }
};

TEST_F(AssignmentProperties, EveryAssignmentIsValidAndSoonBalancedWhateverTheStateIs) {
    for_each_group([](RandomCluster& group) {
        group.scatter_state();
        int round = 0;
        for (bool complete = false; !complete; ++round) {
            ASSERT_LE(round, bound(group)) << "no end of probing";
            const TaskAssignment assigned = group.assign();
            expect_valid(group, assigned);
            complete = assigned.complete;
            if (complete) {
                expect_balanced(group, assigned);
            }
            group.follow(assigned);
        }
        expect_nothing_moves(group);
    });
}

/// How many tasks moved between processes that were there before and are there now: a few, where
/// the balance of sub-topologies needs it, or where another task of the process that has one too
/// many is nearer to its new place.
int moved_between_others(const std::map<TaskId, std::string>& before, const RandomCluster& group) {
    std::set<std::string> stayed;
    for (const MemberProcess& process : group.cluster.processes) {
        stayed.insert(process.name);
    }
    std::set<std::string> old;
    for (const auto& [task, owner] : before) {
        old.insert(owner);
    }
    int moved = 0;
    for (const auto& [task, owner] : group.owners()) {
        const std::string& former = before.at(task);
        moved += owner != former && stayed.contains(former) && old.contains(owner) ? 1 : 0;
    }
    return moved;
}

class FewMoves {
  public:
    void add(const RandomCluster& group, int moved) {
        EXPECT_LE(moved, 2 * (group.cluster.tasks.rbegin()->first.sub_topology + 1));
        moved_ += moved;
        tasks_ += static_cast<int>(group.cluster.tasks.size());
    }
    ~FewMoves() { EXPECT_LE(moved_ * 100, tasks_) << "of all groups together"; }

  private:
    int moved_ = 0;
    int tasks_ = 0;
};

TEST_F(AssignmentProperties, OnlyTheTasksOfAProcessThatLeavesMove) {
    FewMoves moves;
    for_each_group([&](RandomCluster& group) {
        group.add_process();
        settle(group);
        const auto before = group.owners();
        group.remove_process();
        expect_balanced(group, settle(group));
        moves.add(group, moved_between_others(before, group));
    });
}

TEST_F(AssignmentProperties, AProcessThatJoinsGetsItsFairShareAndNothingElseMoves) {
    FewMoves moves;
    for_each_group([&](RandomCluster& group) {
        settle(group);
        const auto before = group.owners();
        group.add_process();
        expect_balanced(group, settle(group));
        moves.add(group, moved_between_others(before, group));
    });
}

TEST_F(AssignmentProperties, ProcessesComeAndGo) {
    for_each_group([](RandomCluster& group) {
        for (int step = 0; step < 4; ++step) {
            if (group.cluster.processes.size() > 1 && group.pick(0, 1) == 0) {
                group.remove_process();
            } else {
                group.add_process();
            }
            for (int round = group.pick(0, 2); round > 0; --round) {  // Perhaps not to the end.
                const TaskAssignment assigned = group.assign();
                expect_valid(group, assigned);
                group.follow(assigned);
            }
        }
        expect_balanced(group, settle(group));
        expect_nothing_moves(group);
    });
}

}  // namespace
}  // namespace millrace::assignment
