// SPDX-License-Identifier: Apache-2.0
#include "assignment/active_placement.hpp"

#include "assignment/balanced_placement.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace millrace::assignment {

namespace {

/// Steps of restoring count double. This leaves room to prefer, of two processes with the same lag,
/// the one that has a standby.
constexpr std::int64_t kMostCost = 2 * Progress::kMostSteps;

class ActivePlacement {
  public:
    ActivePlacement(const Cluster& cluster, const Progress& progress)
        : cluster_(cluster),
          progress_(progress),
          move_(kMostCost * (static_cast<std::int64_t>(cluster.tasks.size()) + 1)) {}

    std::map<TaskId, ProcessIndex> place(const AssignorOptions& options) const;

  private:
    TaskToPlace to_place(TaskId task, bool stateful) const;

    const Cluster& cluster_;
    const Progress& progress_;
    const std::int64_t move_;  // Exceeds all costs of restoring.
};

std::map<TaskId, ProcessIndex> ActivePlacement::place(const AssignorOptions&) const {
    std::vector<Place> places;
    places.reserve(cluster_.processes.size());
    for (const MemberProcess& process : cluster_.processes) {
        places.push_back({.weight = process.threads.size()});
    }
    std::vector<TaskToPlace> tasks;
    tasks.reserve(cluster_.tasks.size());
    for (const auto& [task, stateful] : cluster_.tasks) {
        tasks.push_back(to_place(task, stateful));
    }
    const std::vector<std::size_t> found = place_balanced(tasks, places);
    std::map<TaskId, ProcessIndex> result;
    for (std::size_t index = 0; index < tasks.size(); ++index) {
        result.emplace(tasks[index].task, found[index]);
    }
    return result;
}

TaskToPlace ActivePlacement::to_place(TaskId task, bool stateful) const {
    const auto& processes = cluster_.processes;
    const bool runs =
        std::any_of(processes.begin(), processes.end(),
                    [task](const MemberProcess& process) { return process.runs(task); });
    const std::int64_t moved = runs ? move_ : 0;
    TaskToPlace result{.task = task,
                       .stateful = stateful,
                       .elsewhere = {moved + (stateful ? kMostCost : 0)},
                       .at = {}};
    for (ProcessIndex process = 0; process < processes.size(); ++process) {
        if (processes[process].runs(task)) {
            result.at.emplace_back(process, 0);
        } else if (const auto steps = progress_.steps(process, task);
                   stateful &&
                   (steps < Progress::kMostSteps || processes[process].stands_by(task))) {
            const bool kept = processes[process].stands_by(task);
            result.at.emplace_back(process, moved + 2 * steps + (kept ? 0 : 1));
        }
    }
    return result;
}

}  // namespace

std::map<TaskId, ProcessIndex> place_active(const Cluster& cluster, const Progress& progress,
                                            const AssignorOptions& options) {
    return ActivePlacement(cluster, progress).place(options);
}

}  // namespace millrace::assignment
