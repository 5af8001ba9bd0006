// SPDX-License-Identifier: Apache-2.0
#include "assignment/warm_ups.hpp"

#include <algorithm>
#include <optional>
#include <tuple>
#include <vector>

namespace millrace::assignment {

namespace {

class WarmUps {
  public:
    WarmUps(const Cluster& cluster, const Progress& progress, const AssignorOptions& options)
        : cluster_(cluster), progress_(progress), left_(options.warmup_replicas) {}

    Interim plan(const std::map<TaskId, ProcessIndex>& active,
                 const std::map<TaskId, std::set<ProcessIndex>>& standby);

  private:
    /// A task or standby that moves when its target has caught up.
    struct Move {
        TaskId task{};
        ProcessIndex from = 0;
        ProcessIndex to = 0;
    };

    std::optional<ProcessIndex> runs_meanwhile(TaskId task, ProcessIndex target) const;
    std::optional<ProcessIndex> kept_meanwhile(TaskId task, ProcessIndex target) const;
    void sort(std::vector<Move>& moves) const;
    void move_active();
    void move_standbys();
    void warm(const Move& move);

    const Cluster& cluster_;
    const Progress& progress_;
    int left_;
    Interim result_;
    std::map<ProcessIndex, std::size_t>
        running_;  // Number of tasks placed on a process until then.
};

Interim WarmUps::plan(const std::map<TaskId, ProcessIndex>& active,
                      const std::map<TaskId, std::set<ProcessIndex>>& standby) {
    for (const auto& [task, process] : active) {
        result_.tasks[task].active = process;
    }
    for (const auto& [task, processes] : standby) {
        result_.tasks[task].standby = processes;
    }
    move_active();
    move_standbys();
    return std::move(result_);
}

/// The process with the smallest lag, if that is below the target's. Of several that have caught
/// up, prefers the one that runs the task, then one with a standby, then the one with the fewest of
/// these tasks.
std::optional<ProcessIndex> WarmUps::runs_meanwhile(TaskId task, ProcessIndex target) const {
    if (!cluster_.processes[target].replicates || progress_.caught_up(target, task)) {
        return std::nullopt;
    }
    const auto rank = [&](ProcessIndex index) {
        const MemberProcess& process = cluster_.processes[index];
        const auto running = running_.find(index);
        return std::tuple(progress_.caught_up(index, task) ? 0 : progress_.behind(index, task),
                          process.runs(task) ? 0 : 1, process.stands_by(task) ? 0 : 1,
                          running == running_.end() ? 0 : running->second);
    };
    std::optional<ProcessIndex> best;
    for (ProcessIndex process = 0; process < cluster_.processes.size(); ++process) {
        if (progress_.behind(process, task) < progress_.behind(target, task) &&
            (!best || rank(process) < rank(*best))) {
            best = process;
        }
    }
    return best;
}

/// Prefers warm-ups that have begun, then those with the smallest lag.
void WarmUps::sort(std::vector<Move>& moves) const {
    const auto rank = [this](const Move& move) {
        const bool begun = cluster_.processes[move.to].stands_by(move.task);
        return std::tuple(begun ? 0 : 1, progress_.behind(move.to, move.task));
    };
    std::stable_sort(moves.begin(), moves.end(),
                     [&](const Move& one, const Move& other) { return rank(one) < rank(other); });
}

void WarmUps::move_active() {
    std::vector<Move> moves;
    for (auto& [task, places] : result_.tasks) {
        if (!cluster_.tasks.at(task)) {
            continue;
        }
        const auto from = runs_meanwhile(task, places.active);
        if (!from) {
            continue;
        }
        result_.complete = false;
        ++running_[*from];
        if (places.standby.erase(*from) >
            0) {  // Active and standby are exchanged: no additional copy.
            places.standby.insert(places.active);
            result_.awaited[task].insert(places.active);
        } else {
            moves.push_back({task, *from, places.active});
        }
        places.active = *from;
    }
    sort(moves);
    for (const Move& move : moves) {
        warm(move);
    }
}

void WarmUps::warm(const Move& move) {
    if (left_ > 0) {
        --left_;
        result_.tasks.at(move.task).standby.insert(move.to);
        result_.awaited[move.task].insert(move.to);
    }
}

/// The process whose caught-up standby stays until `target`, which replaces it, has caught up.
std::optional<ProcessIndex> WarmUps::kept_meanwhile(TaskId task, ProcessIndex target) const {
    if (progress_.caught_up(target, task)) {
        return std::nullopt;
    }
    const TaskPlaces& places = result_.tasks.at(task);
    for (ProcessIndex process = 0; process < cluster_.processes.size(); ++process) {
        if (process != places.active && !places.standby.contains(process) &&
            cluster_.processes[process].stands_by(task) && progress_.caught_up(process, task)) {
            return process;
        }
    }
    return std::nullopt;
}

void WarmUps::move_standbys() {
    std::vector<Move> moves;
    for (auto& [task, places] : result_.tasks) {
        const std::set<ProcessIndex> planned = places.standby;
        const auto warming = result_.awaited.find(task);
        for (const ProcessIndex target : planned) {
            if (warming != result_.awaited.end() && warming->second.contains(target)) {
                continue;
            }
            if (const auto from = kept_meanwhile(task, target)) {
                result_.complete = false;
                places.standby.erase(target);
                places.standby.insert(*from);
                moves.push_back({task, *from, target});
            }
        }
    }
    sort(moves);
    for (const Move& move : moves) {
        warm(move);
    }
}

}  // namespace

Interim warm_up(const Cluster& cluster, const Progress& progress,
                const std::map<TaskId, ProcessIndex>& active,
                const std::map<TaskId, std::set<ProcessIndex>>& standby,
                const AssignorOptions& options) {
    return WarmUps(cluster, progress, options).plan(active, standby);
}

}  // namespace millrace::assignment
