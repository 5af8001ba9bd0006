// SPDX-License-Identifier: Apache-2.0
#include "assignment/task_balancer.hpp"

#include "assignment/fair_rounding.hpp"
#include "core/check.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace millrace::assignment {

namespace {

/// A bin for tasks: a process, weighted by its number of threads, or a thread.
struct Bin {
    std::size_t weight = 1;
    std::vector<std::set<TaskId>> wishes;  ///< Preferred tasks, most preferred first.
    std::vector<TaskId> taken;
};

/// Preferences by rank: tasks that it runs, tasks that it has on disk.
constexpr std::size_t kRanks = 2;

using Bins = std::map<std::string, Bin>;

/// Tasks by sub-topology.
using Tasks = std::map<std::int32_t, std::set<TaskId>>;

Tasks by_sub_topology(const std::set<TaskId>& tasks) {
    Tasks result;
    for (const TaskId& task : tasks) {
        result[task.sub_topology].insert(task);
    }
    return result;
}

/// How many of `tasks` the bin prefers, counting its first `ranks` ranks.
std::size_t wanted(const Bin& bin, std::size_t ranks, const std::set<TaskId>& tasks) {
    std::set<TaskId> all;
    for (std::size_t rank = 0; rank < std::min(ranks, bin.wishes.size()); ++rank) {
        for (const TaskId& task : bin.wishes[rank]) {
            if (tasks.contains(task)) {
                all.insert(task);
            }
        }
    }
    return all.size();
}

/// How many tasks of each sub-topology (row) each bin (column) gets, by row and column.
std::vector<std::vector<std::size_t>> shares(const Bins& bins, const Tasks& tasks) {
    std::vector<std::size_t> counts;
    for (const auto& [sub_topology, of_part] : tasks) {
        counts.push_back(of_part.size());
    }
    std::vector<std::size_t> weights;
    for (const auto& [name, bin] : bins) {
        weights.push_back(bin.weight);
    }
    FairRounding rounding(std::move(counts), std::move(weights));
    // One more than the even share if that keeps a task in its place: running tasks first.
    for (std::size_t rank = 1; rank <= kRanks; ++rank) {
        std::size_t row = 0;
        for (const auto& [sub_topology, of_part] : tasks) {
            std::size_t column = 0;
            for (const auto& [name, bin] : bins) {
                if (wanted(bin, rank, of_part) > rounding.floor(row, column)) {
                    rounding.prefer(row, column);
                }
                ++column;
            }
            ++row;
        }
    }
    return rounding.round();
}

/// Distributes `tasks` over `bins`.
void distribute(Bins& bins, Tasks tasks) {
    const auto room_of = shares(bins, tasks);
    std::size_t row = 0;
    for (auto& [sub_topology, left] : tasks) {
        std::vector<std::size_t> room = room_of[row++];
        const auto take = [&](Bin& bin, std::size_t column, TaskId task) {
            if (room[column] > 0 && left.erase(task) > 0) {
                bin.taken.push_back(task);
                --room[column];
            }
        };
        for (std::size_t rank = 0; rank < kRanks; ++rank) {
            std::size_t column = 0;
            for (auto& [name, bin] : bins) {
                if (rank < bin.wishes.size()) {
                    for (const TaskId& task : bin.wishes[rank]) {
                        take(bin, column, task);
                    }
                }
                ++column;
            }
        }
        std::size_t column = 0;
        for (auto& [name, bin] : bins) {
            while (room[column] > 0) {
                MILLRACE_CHECK(!left.empty());
                take(bin, column, *left.begin());
            }
            ++column;
        }
        MILLRACE_CHECK(left.empty());
    }
}

}  // namespace

std::map<std::string, std::vector<TaskId>> balance(const BalanceInput& input) {
    std::map<std::string, std::vector<TaskId>> result;
    for (const auto& [name, thread] : input.threads) {
        result[name];
    }
    if (input.tasks.empty()) {
        return result;
    }
    MILLRACE_CHECK(!input.threads.empty());

    Bins processes;
    for (const auto& [name, thread] : input.threads) {
        Bin& process = processes[thread.process];
        if (process.wishes.empty()) {
            process.weight = 0;
            const auto state = input.on_disk.find(thread.process);
            process.wishes = {{},
                              state == input.on_disk.end() ? std::set<TaskId>{} : state->second};
        }
        ++process.weight;
        process.wishes[0].insert(thread.running.begin(), thread.running.end());
    }
    distribute(processes, by_sub_topology(input.tasks));

    for (const auto& [process_name, process] : processes) {
        Bins threads;
        for (const auto& [name, thread] : input.threads) {
            if (thread.process == process_name) {
                threads[name].wishes = {thread.running};
            }
        }
        distribute(threads, by_sub_topology({process.taken.begin(), process.taken.end()}));
        for (auto& [name, thread] : threads) {
            std::sort(thread.taken.begin(), thread.taken.end());
            result[name] = std::move(thread.taken);
        }
    }
    return result;
}

}  // namespace millrace::assignment
