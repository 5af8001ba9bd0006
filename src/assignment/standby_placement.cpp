// SPDX-License-Identifier: Apache-2.0
#include "assignment/standby_placement.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <tuple>
#include <vector>

namespace millrace::assignment {

namespace {

using Copies = std::map<TaskId, std::set<ProcessIndex>>;

/// The load of a process.
struct Load {
    std::int64_t threads = 1;
    std::int64_t all = 0;
    std::int64_t standbys = 0;
};

class StandbyPlacement {
  public:
    StandbyPlacement(const Cluster& cluster, const Progress& progress,
                     const std::map<TaskId, ProcessIndex>& active, const AssignorOptions& options);

    Copies place();

  private:
    bool may_keep(ProcessIndex process, TaskId task) const;
    std::size_t shared_tags(ProcessIndex process, TaskId task,
                            std::optional<ProcessIndex> except = std::nullopt) const;
    std::int64_t effort(ProcessIndex process, TaskId task) const;
    std::optional<ProcessIndex> best(TaskId task) const;
    void add(TaskId task, ProcessIndex process);
    void remove(TaskId task, ProcessIndex process);
    bool evens_out(ProcessIndex from, ProcessIndex to) const;
    std::optional<TaskId> nearest(ProcessIndex from, ProcessIndex to) const;
    bool move_one();
    bool move_from(ProcessIndex from, const std::vector<ProcessIndex>& by_load);

    const Cluster& cluster_;
    const Progress& progress_;
    const std::map<TaskId, ProcessIndex>& active_;
    const AssignorOptions& options_;
    std::vector<Load> load_;                 // By process.
    std::vector<std::set<TaskId>> standby_;  // By process.
    Copies copies_;
};

StandbyPlacement::StandbyPlacement(const Cluster& cluster, const Progress& progress,
                                   const std::map<TaskId, ProcessIndex>& active,
                                   const AssignorOptions& options)
    : cluster_(cluster),
      progress_(progress),
      active_(active),
      options_(options),
      load_(cluster.processes.size()),
      standby_(cluster.processes.size()) {
    for (ProcessIndex process = 0; process < load_.size(); ++process) {
        load_[process].threads =
            static_cast<std::int64_t>(cluster.processes[process].threads.size());
    }
    for (const auto& [task, process] : active_) {
        ++load_[process].all;
    }
}

Copies StandbyPlacement::place() {
    for (const auto& [task, stateful] : cluster_.tasks) {
        if (!stateful) {
            continue;
        }
        copies_[task];
        for (int left = options_.standby_replicas; left > 0; --left) {
            const auto process = best(task);
            if (!process) {
                break;
            }
            add(task, *process);
        }
    }
    while (move_one()) {
    }
    return std::move(copies_);
}

bool StandbyPlacement::may_keep(ProcessIndex process, TaskId task) const {
    return cluster_.processes[process].replicates && active_.at(task) != process &&
           !copies_.at(task).contains(process);
}

/// Counts the tags that the process shares with the other processes of the task. Ignores the
/// process `except`.
std::size_t StandbyPlacement::shared_tags(ProcessIndex process, TaskId task,
                                          std::optional<ProcessIndex> except) const {
    std::size_t shared = 0;
    const auto count = [&](ProcessIndex other) {
        for (const std::string& tag : options_.rack_tags) {
            const auto& mine = cluster_.processes[process].tags;
            const auto& theirs = cluster_.processes[other].tags;
            const auto left = mine.find(tag);
            const auto right = theirs.find(tag);
            if (left != mine.end() && right != theirs.end() && left->second == right->second) {
                ++shared;
            }
        }
    };
    if (!options_.rack_tags.empty()) {
        count(active_.at(task));
        for (const ProcessIndex other : copies_.at(task)) {
            if (other != except) {
                count(other);
            }
        }
    }
    return shared;
}

/// The cost of a standby on that process: 0 if it has one already.
std::int64_t StandbyPlacement::effort(ProcessIndex index, TaskId task) const {
    const MemberProcess& process = cluster_.processes[index];
    const std::int64_t steps = progress_.steps(index, task);
    if (process.stands_by(task)) {
        return steps == 0 ? 0 : 3 + steps;
    }
    return steps == 0 ? (process.runs(task) ? 1 : 2) : 4 + steps;
}

std::optional<ProcessIndex> StandbyPlacement::best(TaskId task) const {
    std::optional<ProcessIndex> best;
    const auto rank = [&](ProcessIndex process) {
        const Load& load = load_[process];
        // Scaled: loads are compared per thread.
        constexpr std::int64_t kScale = 1'000'000;
        return std::tuple(shared_tags(process, task), effort(process, task),
                          load.all * kScale / load.threads, load.standbys * kScale / load.threads);
    };
    for (ProcessIndex process = 0; process < load_.size(); ++process) {
        if (may_keep(process, task) && (!best || rank(process) < rank(*best))) {
            best = process;
        }
    }
    return best;
}

void StandbyPlacement::add(TaskId task, ProcessIndex process) {
    copies_.at(task).insert(process);
    standby_[process].insert(task);
    ++load_[process].all;
    ++load_[process].standbys;
}

void StandbyPlacement::remove(TaskId task, ProcessIndex process) {
    copies_.at(task).erase(process);
    standby_[process].erase(task);
    --load_[process].all;
    --load_[process].standbys;
}

/// Whether moving one standby reduces the sum of squares of the loads per thread.
bool StandbyPlacement::evens_out(ProcessIndex from, ProcessIndex to) const {
    const Load& more = load_[from];
    const Load& less = load_[to];
    const std::int64_t gain = (2 * more.all - 1 + 2 * more.standbys - 1) * less.threads;
    const std::int64_t loss = (2 * less.all + 1 + 2 * less.standbys + 1) * more.threads;
    return loss < gain;
}

bool StandbyPlacement::move_one() {
    std::vector<ProcessIndex> by_load(load_.size());
    std::iota(by_load.begin(), by_load.end(), ProcessIndex{0});
    std::stable_sort(by_load.begin(), by_load.end(), [this](ProcessIndex one, ProcessIndex other) {
        return (load_[one].all + load_[one].standbys) * load_[other].threads <
               (load_[other].all + load_[other].standbys) * load_[one].threads;
    });
    return std::any_of(by_load.rbegin(), by_load.rend(),
                       [&](ProcessIndex from) { return move_from(from, by_load); });
}

/// The cheapest standby that can move from one process to the other.
std::optional<TaskId> StandbyPlacement::nearest(ProcessIndex from, ProcessIndex to) const {
    const auto cost = [&](TaskId task) { return effort(to, task) - effort(from, task); };
    std::optional<TaskId> best;
    for (const TaskId& task : standby_[from]) {
        if (may_keep(to, task) && shared_tags(to, task, from) <= shared_tags(from, task, from) &&
            (!best || cost(task) < cost(*best))) {
            best = task;
        }
    }
    return best;
}

/// Moves one standby to a less loaded process if that makes the load more even. If no standby can
/// move there directly, a third process takes it and passes on another one: breadth-first search.
bool StandbyPlacement::move_from(ProcessIndex from, const std::vector<ProcessIndex>& by_load) {
    struct Step {
        ProcessIndex from = 0;
        TaskId task{};
    };
    if (standby_[from].empty() ||
        std::none_of(by_load.begin(), by_load.end(),
                     [&](ProcessIndex to) { return to != from && evens_out(from, to); })) {
        return false;
    }
    std::map<ProcessIndex, Step> reached;  // The step that brings a standby to the process.
    std::vector<ProcessIndex> queue{from};
    for (std::size_t next = 0; next < queue.size(); ++next) {
        for (const ProcessIndex to : by_load) {
            if (to == from || reached.contains(to)) {
                continue;
            }
            const auto task = nearest(queue[next], to);
            if (!task) {
                continue;
            }
            reached[to] = {queue[next], *task};
            queue.push_back(to);
            if (evens_out(from, to)) {
                for (ProcessIndex at = to; at != from; at = reached.at(at).from) {
                    const Step& step = reached.at(at);
                    remove(step.task, step.from);
                    add(step.task, at);
                }
                return true;
            }
        }
    }
    return false;
}

}  // namespace

Copies place_standbys(const Cluster& cluster, const Progress& progress,
                      const std::map<TaskId, ProcessIndex>& active,
                      const AssignorOptions& options) {
    return StandbyPlacement(cluster, progress, active, options).place();
}

}  // namespace millrace::assignment
