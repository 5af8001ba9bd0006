// SPDX-License-Identifier: Apache-2.0
#include "assignment/task_balancer.hpp"

#include "core/check.hpp"

#include <algorithm>
#include <cstddef>
#include <tuple>

namespace millrace::assignment {

namespace {

/// Something that takes tasks: a process with as much weight as it has threads, or a thread.
struct Bin {
    std::size_t weight = 1;
    std::vector<std::set<TaskId>> wishes;  ///< Tasks it should rather have, most wanted first.
    std::vector<TaskId> taken;
    std::size_t room = 0;  ///< How many it must still take.
};

using Bins = std::map<std::string, Bin>;

/// How many of `tasks` the bin would rather have, counting its first `ranks` lists of wishes.
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

/// Sets `room` to each bin's share of `tasks` by weight. What does not divide evenly goes one by
/// one to the bins with the largest remainder; among equals to those that could keep more.
void share_out(Bins& bins, const std::set<TaskId>& tasks) {
    std::size_t total = 0;
    for (const auto& [name, bin] : bins) {
        total += bin.weight;
    }
    MILLRACE_CHECK(total > 0);
    struct Remainder {
        bool runs_more;  // Than its even share: it keeps one of them.
        bool wants_more;
        std::size_t rest;
        std::string name;
    };
    std::vector<Remainder> remainders;
    std::size_t given = 0;
    for (auto& [name, bin] : bins) {
        const std::size_t share = tasks.size() * bin.weight;
        bin.room = share / total;
        given += bin.room;
        remainders.push_back({wanted(bin, 1, tasks) > bin.room,
                              wanted(bin, bin.wishes.size(), tasks) > bin.room, share % total,
                              name});
    }
    std::sort(remainders.begin(), remainders.end(), [](const Remainder& a, const Remainder& b) {
        return std::tuple(!a.runs_more, !a.wants_more, b.rest, a.name) <
               std::tuple(!b.runs_more, !b.wants_more, a.rest, b.name);
    });
    for (std::size_t i = 0; given < tasks.size(); ++i) {
        MILLRACE_CHECK(i < remainders.size());
        if (remainders[i].rest > 0) {
            ++bins[remainders[i].name].room;
            ++given;
        }
    }
}

std::size_t taken_of(const Bin& bin, std::int32_t sub_topology) {
    return static_cast<std::size_t>(std::count_if(
        bin.taken.begin(), bin.taken.end(),
        [sub_topology](const TaskId& task) { return task.sub_topology == sub_topology; }));
}

void take(Bin& bin, const TaskId& task) {
    bin.taken.push_back(task);
    --bin.room;
}

/// Spreads `tasks` over `bins`.
void distribute(Bins& bins, std::set<TaskId> tasks) {
    share_out(bins, tasks);
    for (std::size_t rank = 0;; ++rank) {
        bool any = false;
        for (auto& [name, bin] : bins) {
            if (rank >= bin.wishes.size()) {
                continue;
            }
            any = true;
            for (const TaskId& task : bin.wishes[rank]) {
                if (bin.room > 0 && tasks.erase(task) > 0) {
                    take(bin, task);
                }
            }
        }
        if (!any) {
            break;
        }
    }
    for (const TaskId& task : tasks) {
        Bin* best = nullptr;
        for (auto& [name, bin] : bins) {
            if (bin.room == 0) {
                continue;
            }
            if (best == nullptr || std::pair(taken_of(bin, task.sub_topology), best->room) <
                                       std::pair(taken_of(*best, task.sub_topology), bin.room)) {
                best = &bin;
            }
        }
        MILLRACE_CHECK(best != nullptr);
        take(*best, task);
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
    distribute(processes, input.tasks);

    for (const auto& [process_name, process] : processes) {
        Bins threads;
        for (const auto& [name, thread] : input.threads) {
            if (thread.process == process_name) {
                threads[name].wishes = {thread.running};
            }
        }
        distribute(threads, {process.taken.begin(), process.taken.end()});
        for (auto& [name, thread] : threads) {
            std::sort(thread.taken.begin(), thread.taken.end());
            result[name] = std::move(thread.taken);
        }
    }
    return result;
}

}  // namespace millrace::assignment
