// SPDX-License-Identifier: Apache-2.0
#include "assignment/fair_rounding.hpp"
#include "assignment/task_balancer.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <random>

namespace millrace::assignment {
namespace {

using Assignment = std::map<std::string, std::vector<TaskId>>;
using Numbers = std::vector<std::size_t>;

/// The difference between the fullest and the emptiest thread, in tasks that `counts` selects.
template <class Counts>
std::size_t spread(const Assignment& assignment, Counts counts) {
    std::size_t least = std::numeric_limits<std::size_t>::max();
    std::size_t most = 0;
    for (const auto& [thread, tasks] : assignment) {
        const auto count =
            static_cast<std::size_t>(std::count_if(tasks.begin(), tasks.end(), counts));
        least = std::min(least, count);
        most = std::max(most, count);
    }
    return most - least;
}

void run_as(BalanceInput& input, const Assignment& assignment) {
    for (auto& [name, thread] : input.threads) {
        const auto found = assignment.find(name);
        thread.running.clear();
        if (found != assignment.end()) {
            thread.running.insert(found->second.begin(), found->second.end());
        }
    }
}

/// How many tasks moved to another thread.
std::size_t moved(const BalanceInput& input, const Assignment& assignment) {
    std::size_t count = 0;
    for (const auto& [name, tasks] : assignment) {
        const auto& running = input.threads.at(name).running;
        count += static_cast<std::size_t>(
            std::count_if(tasks.begin(), tasks.end(),
                          [&](const TaskId& task) { return !running.contains(task); }));
    }
    return count;
}

BalanceInput two_sub_topologies_of_four() {
    BalanceInput input;
    for (int partition = 0; partition < 4; ++partition) {
        input.tasks.insert({{0, partition}, {1, partition}});
    }
    input.threads["a"].process = "p";
    return input;
}

TEST(SubTopologyBalance, ANewInstanceGetsHalfOfEachSubTopology) {
    BalanceInput input = two_sub_topologies_of_four();
    run_as(input, balance(input));
    input.threads["b"].process = "q";

    const Assignment assignment = balance(input);

    for (const auto& [thread, tasks] : assignment) {
        EXPECT_EQ(std::count_if(tasks.begin(), tasks.end(),
                                [](const TaskId& task) { return task.sub_topology == 0; }),
                  2)
            << thread;
    }
    EXPECT_EQ(moved(input, assignment), 4U);
}

TEST(SubTopologyBalance, ANewThreadGetsHalfOfEachSubTopologyWithinAProcess) {
    BalanceInput input = two_sub_topologies_of_four();
    run_as(input, balance(input));
    input.threads["b"].process = "p";

    const Assignment assignment = balance(input);

    EXPECT_EQ(spread(assignment, [](const TaskId& task) { return task.sub_topology == 0; }), 0U);
    EXPECT_EQ(spread(assignment, [](const TaskId& task) { return task.sub_topology == 1; }), 0U);
}

TEST(SubTopologyBalance, HoldsForEachSubTopologyAndTheSumThroughRandomChangesOfTheGroup) {
    for (unsigned seed = 0; seed < 200; ++seed) {
        std::mt19937 random(seed);
        const auto pick = [&random](int bound) {
            return std::uniform_int_distribution<int>(0, bound - 1)(random);
        };
        BalanceInput input;
        const int parts = 1 + pick(5);
        for (int part = 0; part < parts; ++part) {
            const int partitions = 1 + pick(12);
            for (int partition = 0; partition < partitions; ++partition) {
                input.tasks.insert({part, partition});
            }
        }
        input.threads["t0"].process = "p0";
        for (int step = 0; step < 12; ++step) {
            const std::string name = "t" + std::to_string(pick(8));
            const bool leaves = input.threads.size() > 1 && input.threads.contains(name);
            if (leaves) {
                input.threads.erase(name);
            } else {
                input.threads[name].process = "p" + std::to_string(pick(3));
            }

            const Assignment assignment = balance(input);

            ASSERT_LE(spread(assignment, [](const TaskId&) { return true; }), 1U) << seed;
            for (int part = 0; part < parts; ++part) {
                ASSERT_LE(spread(assignment,
                                 [part](const TaskId& task) { return task.sub_topology == part; }),
                          1U)
                    << "seed " << seed << ", step " << step << ", sub-topology " << part;
            }
            run_as(input, assignment);
            ASSERT_EQ(moved(input, balance(input)), 0U)
                << "tasks move although nothing changed: seed " << seed << ", step " << step;
        }
    }
}

TEST(FairRounding, KeepsEveryNumberNextToItsExactShareInCellsAndSums) {
    std::mt19937 random(1);
    const auto pick = [&random](int from, int to) {
        return static_cast<std::size_t>(std::uniform_int_distribution<int>(from, to)(random));
    };
    const auto is_next_to = [](std::size_t number, std::size_t share, std::size_t total) {
        return number >= share / total && number <= (share + total - 1) / total;
    };
    for (int round = 0; round < 2'000; ++round) {
        Numbers counts(pick(1, 6));
        Numbers weights(pick(1, 8));
        std::generate(counts.begin(), counts.end(), [&] { return pick(0, 20); });
        std::generate(weights.begin(), weights.end(), [&] { return pick(1, 4); });
        const std::size_t all = std::accumulate(counts.begin(), counts.end(), std::size_t{0});
        const std::size_t total = std::accumulate(weights.begin(), weights.end(), std::size_t{0});
        FairRounding rounding(counts, weights);
        for (std::size_t wishes = pick(0, 30); wishes > 0; --wishes) {
            rounding.prefer(pick(1, static_cast<int>(counts.size())) - 1,
                            pick(1, static_cast<int>(weights.size())) - 1);
        }

        const auto numbers = rounding.round();

        for (std::size_t column = 0; column < weights.size(); ++column) {
            std::size_t sum = 0;
            for (std::size_t row = 0; row < counts.size(); ++row) {
                ASSERT_TRUE(is_next_to(numbers[row][column], counts[row] * weights[column], total));
                sum += numbers[row][column];
            }
            ASSERT_TRUE(is_next_to(sum, all * weights[column], total)) << "round " << round;
        }
        for (std::size_t row = 0; row < counts.size(); ++row) {
            ASSERT_EQ(std::accumulate(numbers[row].begin(), numbers[row].end(), std::size_t{0}),
                      counts[row]);
        }
    }
}

TEST(FairRounding, RoundsUpWhatIsPreferredWhereSumsAllowIt) {
    FairRounding rounding({3, 3}, {1, 1});
    rounding.prefer(0, 1);
    rounding.prefer(1, 1);  // Would be a fourth in the second column.

    EXPECT_EQ(rounding.round(), (std::vector<Numbers>{{1, 2}, {2, 1}}));
}

}  // namespace
}  // namespace millrace::assignment
