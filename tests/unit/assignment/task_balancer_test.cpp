// SPDX-License-Identifier: Apache-2.0
#include "assignment/task_balancer.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>

namespace millrace::assignment {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

using Assignment = std::map<std::string, std::vector<TaskId>>;

std::string violations(const BalanceInput& input, const Assignment& assignment) {
    std::multiset<TaskId> given;
    std::size_t least = input.tasks.size();
    std::size_t most = 0;
    for (const auto& [thread, tasks] : assignment) {
        given.insert(tasks.begin(), tasks.end());
        least = std::min(least, tasks.size());
        most = std::max(most, tasks.size());
    }
    if (!std::equal(given.begin(), given.end(), input.tasks.begin(), input.tasks.end())) {
        return "not every task exactly once";
    }
    return most - least > 1 ? "not balanced" : "";
}

/// How many tasks stay on the thread that runs them.
std::size_t kept(const BalanceInput& input, const Assignment& assignment) {
    std::size_t count = 0;
    for (const auto& [thread, tasks] : assignment) {
        const auto& running = input.threads.at(thread).running;
        count += static_cast<std::size_t>(
            std::count_if(tasks.begin(), tasks.end(),
                          [&](const TaskId& task) { return running.contains(task); }));
    }
    return count;
}

void run_as(BalanceInput& input, const Assignment& assignment) {
    for (auto& [name, thread] : input.threads) {
        const auto found = assignment.find(name);
        thread.running.clear();
        if (found != assignment.end()) {
            thread.running.insert(found->second.begin(), found->second.end());
            input.on_disk[thread.process].insert(found->second.begin(), found->second.end());
        }
    }
}

TEST(TaskBalancer, AssignsEveryTaskOnceAndStaysBalancedThroughRandomChangesOfTheGroup) {
    for (unsigned seed = 0; seed < 300; ++seed) {
        std::mt19937 random(seed);
        const auto pick = [&random](int bound) {
            return std::uniform_int_distribution<int>(0, bound - 1)(random);
        };
        BalanceInput input;
        for (int part = 0; part < 1 + pick(4); ++part) {
            for (int partition = 0; partition < 1 + pick(12); ++partition) {
                input.tasks.insert({part, partition});
            }
        }
        input.threads["t0"].process = "p0";
        for (int step = 0; step < 10; ++step) {
            const std::string name = "t" + std::to_string(pick(8));
            if (pick(2) == 0 || input.threads.size() == 1) {
                input.threads[name].process = "p" + std::to_string(pick(3));
            } else {
                input.threads.erase(
                    name == input.threads.begin()->first ? name : input.threads.begin()->first);
            }

            const Assignment assignment = balance(input);

            ASSERT_EQ(violations(input, assignment), "") << "seed " << seed << ", step " << step;
            run_as(input, assignment);
            ASSERT_EQ(kept(input, balance(input)), input.tasks.size())
                << "tasks move although nothing changed: seed " << seed << ", step " << step;
        }
    }
}

TEST(TaskBalancer, MovesNoMoreThanANewThreadGets) {
    BalanceInput input;
    for (int partition = 0; partition < 12; ++partition) {
        input.tasks.insert({0, partition});
    }
    input.threads["a"].process = "p";
    input.threads["b"].process = "q";
    run_as(input, balance(input));

    input.threads["c"].process = "r";
    const Assignment assignment = balance(input);

    EXPECT_EQ(kept(input, assignment), 8U);
    EXPECT_EQ(assignment.at("c").size(), 4U);
}

TEST(TaskBalancer, ReturnsATaskToTheProcessThatHasItsState) {
    BalanceInput input;
    input.tasks = {{0, 0}, {0, 1}};
    input.threads["a"].process = "p";
    input.threads["b"].process = "q";
    input.on_disk["q"] = {{0, 0}};

    EXPECT_THAT(balance(input), ElementsAre(Pair("a", ElementsAre(TaskId{0, 1})),
                                            Pair("b", ElementsAre(TaskId{0, 0}))));
}

TEST(TaskBalancer, SpreadsTheTasksOfOneSubTopology) {
    BalanceInput input;
    input.tasks = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
    input.threads["a"].process = "p";
    input.threads["b"].process = "q";

    for (const auto& [thread, tasks] : balance(input)) {
        ASSERT_EQ(tasks.size(), 2U);
        EXPECT_NE(tasks[0].sub_topology, tasks[1].sub_topology) << thread;
    }
}

TEST(TaskBalancer, LeavesThreadsWithoutTasksWhenThereAreTooFew) {
    BalanceInput input;
    input.tasks = {{0, 0}};
    input.threads["a"].process = "p";
    input.threads["b"].process = "p";

    EXPECT_THAT(balance(input),
                ElementsAre(Pair("a", ElementsAre(TaskId{0, 0})), Pair("b", IsEmpty())));
}

}  // namespace
}  // namespace millrace::assignment
