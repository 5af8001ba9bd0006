// SPDX-License-Identifier: Apache-2.0
#include "assignment/task_assignment.hpp"

#include "assignment/active_placement.hpp"
#include "assignment/balanced_placement.hpp"
#include "assignment/standby_placement.hpp"
#include "assignment/warm_ups.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace millrace::assignment {

namespace {

/// The tasks of a process.
struct ProcessTasks {
    std::map<TaskId, bool> active{};  ///< true: stateful.
    std::vector<TaskId> standby{};
    std::set<TaskId> awaited{};
};

std::vector<ProcessTasks> by_process(const Cluster& cluster, const Interim& interim) {
    std::vector<ProcessTasks> result(cluster.processes.size());
    for (const auto& [task, places] : interim.tasks) {
        result[places.active].active.emplace(task, cluster.tasks.at(task));
        for (const ProcessIndex process : places.standby) {
            result[process].standby.push_back(task);
        }
    }
    for (const auto& [task, processes] : interim.awaited) {
        for (const ProcessIndex process : processes) {
            result[process].awaited.insert(task);
        }
    }
    return result;
}

/// A running task should stay on its thread, because a move interrupts it. A promoted standby
/// should run on the thread that has its stores open.
std::vector<TaskToPlace> active_to_place(const MemberProcess& process,
                                         const std::map<TaskId, bool>& tasks) {
    std::vector<TaskToPlace> result;
    for (const auto& [task, stateful] : tasks) {
        const auto most = static_cast<std::int64_t>(tasks.size()) + 1;
        TaskToPlace each{.task = task,
                         .stateful = stateful,
                         .elsewhere = {process.runs(task) ? most : 1},
                         .at = {}};
        for (std::size_t thread = 0; thread < process.threads.size(); ++thread) {
            if (process.threads[thread].active.contains(task) ||
                (!process.runs(task) && process.threads[thread].standby.contains(task))) {
                each.at.emplace_back(thread, 0);
            }
        }
        result.push_back(std::move(each));
    }
    return result;
}

/// Standbys stay on their thread; new ones go to threads with fewer active tasks.
std::vector<TaskToPlace> standby_to_place(const MemberProcess& process,
                                          const std::vector<TaskId>& tasks,
                                          const std::vector<std::size_t>& active) {
    const std::size_t least = *std::min_element(active.begin(), active.end());
    const auto open = static_cast<std::int64_t>(tasks.size()) + 1;
    std::vector<TaskToPlace> result;
    for (const TaskId& task : tasks) {
        TaskToPlace each{.task = task, .elsewhere = {open + 1}, .at = {}};
        for (std::size_t thread = 0; thread < process.threads.size(); ++thread) {
            const MemberThread& has = process.threads[thread];
            const std::int64_t more = active[thread] > least ? 1 : 0;
            if (has.standby.contains(task) || has.active.contains(task)) {
                each.at.emplace_back(thread, more);
            } else if (more == 0) {
                each.at.emplace_back(thread, open);
            }
        }
        result.push_back(std::move(each));
    }
    return result;
}

/// Spreads the tasks of a process over its threads.
void spread(const MemberProcess& process, const ProcessTasks& tasks,
            std::map<std::string, MemberTasks>& result) {
    const std::vector<Place> threads(process.threads.size());
    std::vector<std::size_t> running(threads.size());
    const auto active = active_to_place(process, tasks.active);
    const auto active_at = place_balanced(active, threads);
    for (std::size_t index = 0; index < active.size(); ++index) {
        const std::size_t thread = active_at[index];
        ++running[thread];
        result[process.threads[thread].member].active.push_back(active[index].task);
    }
    const auto standby_at = place_balanced(standby_to_place(process, tasks.standby, running),
                                           threads, {.balance_sub_topologies = false});
    for (std::size_t index = 0; index < tasks.standby.size(); ++index) {
        const TaskId task = tasks.standby[index];
        MemberTasks& member = result[process.threads[standby_at[index]].member];
        member.standby.push_back(task);
        if (tasks.awaited.contains(task)) {
            member.awaited.push_back(task);
        }
    }
}

}  // namespace

TaskAssignment assign_tasks(const Cluster& cluster, const AssignorOptions& options) {
    TaskAssignment result;
    if (cluster.processes.empty()) {
        return result;
    }
    const Progress progress(cluster, options.acceptable_recovery_lag);
    const auto active = place_active(cluster, progress, options);
    const auto standby = place_standbys(cluster, progress, active, options);
    const Interim interim = warm_up(cluster, progress, active, standby, options);
    result.complete = interim.complete;
    const auto tasks = by_process(cluster, interim);
    for (ProcessIndex process = 0; process < tasks.size(); ++process) {
        for (const MemberThread& thread : cluster.processes[process].threads) {
            result.members[thread.member];
        }
        spread(cluster.processes[process], tasks[process], result.members);
    }
    return result;
}

}  // namespace millrace::assignment
