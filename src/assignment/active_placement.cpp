// SPDX-License-Identifier: Apache-2.0
#include "assignment/active_placement.hpp"

#include "assignment/balanced_placement.hpp"

#include <algorithm>
#include <vector>

namespace millrace::assignment {

namespace {

/// Steps of restoring count double. This leaves room to prefer, of two processes with the same lag,
/// the one that has a standby.
constexpr std::int64_t kMostSteps = 2 * Progress::kMostSteps;

/// Bounds the cost of a task. Sums of costs then cannot overflow.
constexpr std::int64_t kMostCost = std::int64_t{1} << 40;

/// What a rack strategy weighs.
struct RackCosts {
    std::int64_t traffic = 0;  ///< Of a partition that is read from another rack.
    std::int64_t move = 0;
};
constexpr RackCosts kStateless{.traffic = 1, .move = 0};  // As in Kafka Streams.

/// The cost of a task in a process consists of the costs of a rack strategy, of a move if the task
/// runs elsewhere, and of restoring, each of which exceeds those after it.
class ActivePlacement {
  public:
    ActivePlacement(const Cluster& cluster, const Progress& progress,
                    const AssignorOptions& options);

    std::map<TaskId, ProcessIndex> place() const;

  private:
    RackCosts rack_costs(bool stateful) const { return stateful ? stateful_ : kStateless; }
    std::int64_t most_rack_cost() const;
    TaskToPlace to_place(TaskId task, bool stateful) const;
    std::int64_t cost(TaskId task, std::size_t rack, bool moved, std::int64_t restoring) const;

    const Cluster& cluster_;
    const Progress& progress_;
    const bool by_rack_;
    const RackCosts stateful_;
    const PlacementRules rules_;
    const std::int64_t move_;     // Exceeds all costs of restoring.
    std::int64_t rack_unit_ = 0;  // Exceeds all costs of moving.
};

ActivePlacement::ActivePlacement(const Cluster& cluster, const Progress& progress,
                                 const AssignorOptions& options)
    : cluster_(cluster),
      progress_(progress),
      by_rack_(options.rack_strategy != RackStrategy::kNone &&
               cluster.traffic.state() == RackTraffic::State::kKnown),
      stateful_{.traffic = options.traffic_cost, .move = options.non_overlap_cost},
      rules_{.racks = by_rack_ ? cluster.traffic.racks() : 1,
             .balance_sub_topologies =
                 !by_rack_ || options.rack_strategy != RackStrategy::kMinTraffic},
      move_(kMostSteps * (static_cast<std::int64_t>(cluster.tasks.size()) + 1)) {
    if (by_rack_) {
        const std::int64_t all_moves =
            (static_cast<std::int64_t>(cluster.tasks.size()) + 1) * (move_ + kMostSteps);
        rack_unit_ = std::min(all_moves, kMostCost / (most_rack_cost() + 1));
    }
}

std::int64_t ActivePlacement::most_rack_cost() const {
    std::int64_t most = 0;
    for (const auto& [task, stateful] : cluster_.tasks) {
        for (std::size_t rack = 0; rack < rules_.racks; ++rack) {
            const auto [traffic, move] = rack_costs(stateful);
            most = std::max(most, traffic * cluster_.traffic.from_other_racks(task, rack) + move);
        }
    }
    return most;
}

std::map<TaskId, ProcessIndex> ActivePlacement::place() const {
    std::vector<Place> places;
    places.reserve(cluster_.processes.size());
    for (ProcessIndex process = 0; process < cluster_.processes.size(); ++process) {
        places.push_back({.weight = cluster_.processes[process].threads.size(),
                          .rack = by_rack_ ? cluster_.traffic.rack_of(process) : 0});
    }
    std::vector<TaskToPlace> tasks;
    tasks.reserve(cluster_.tasks.size());
    for (const auto& [task, stateful] : cluster_.tasks) {
        tasks.push_back(to_place(task, stateful));
    }
    const std::vector<std::size_t> found = place_balanced(tasks, places, rules_);
    std::map<TaskId, ProcessIndex> result;
    for (std::size_t index = 0; index < tasks.size(); ++index) {
        result.emplace(tasks[index].task, found[index]);
    }
    return result;
}

TaskToPlace ActivePlacement::to_place(TaskId task, bool stateful) const {
    const auto& processes = cluster_.processes;
    const bool running =
        std::any_of(processes.begin(), processes.end(),
                    [task](const MemberProcess& process) { return process.runs(task); });
    TaskToPlace result{.task = task, .stateful = stateful, .elsewhere = {}, .at = {}};
    for (std::size_t rack = 0; rack < rules_.racks; ++rack) {
        result.elsewhere.push_back(cost(task, rack, running, stateful ? kMostSteps : 0));
    }
    for (ProcessIndex process = 0; process < processes.size(); ++process) {
        const std::size_t rack = by_rack_ ? cluster_.traffic.rack_of(process) : 0;
        const bool kept = processes[process].stands_by(task);
        if (processes[process].runs(task)) {
            result.at.emplace_back(process, cost(task, rack, false, 0));
        } else if (const auto steps = progress_.steps(process, task);
                   stateful && (steps < Progress::kMostSteps || kept)) {
            result.at.emplace_back(process, cost(task, rack, running, 2 * steps + (kept ? 0 : 1)));
        }
    }
    return result;
}

std::int64_t ActivePlacement::cost(TaskId task, std::size_t rack, bool moved,
                                   std::int64_t restoring) const {
    std::int64_t of_racks = 0;
    if (by_rack_) {
        const RackCosts costs = rack_costs(cluster_.tasks.at(task));
        of_racks = costs.traffic * cluster_.traffic.from_other_racks(task, rack) +
                   (moved ? costs.move : 0);
    }
    return rack_unit_ * of_racks + (moved ? move_ : 0) + restoring;
}

}  // namespace

std::map<TaskId, ProcessIndex> place_active(const Cluster& cluster, const Progress& progress,
                                            const AssignorOptions& options) {
    return ActivePlacement(cluster, progress, options).place();
}

}  // namespace millrace::assignment
