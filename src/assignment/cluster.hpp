// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "assignment/rack_traffic.hpp"
#include "core/task_lag.hpp"
#include "millrace/core/task_id.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace millrace::assignment {

/// A member of the group.
struct MemberThread {
    std::string member{};
    std::set<TaskId> active{};   ///< The tasks that it runs or restores.
    std::set<TaskId> standby{};  ///< Its standbys and warm-ups.
};

struct MemberProcess {
    std::string name{};
    std::vector<MemberThread> threads{};
    TaskLags lags{};  ///< Of the tasks whose state it has.
    std::map<std::string, std::string> tags{};
    std::string rack{};  ///< client.rack; empty: none, or the threads differ.

    /// False: it cannot run standbys or warm-ups. It restores tasks after they have moved to it.
    bool replicates = true;

    bool runs(TaskId task) const;
    bool stands_by(TaskId task) const;
};

/// The group as its leader sees it, before an assignment.
struct Cluster {
    /// All tasks; true: stateful, with at least one changelog.
    std::map<TaskId, bool> tasks{};
    ChangelogSizes sizes{};                  ///< Of some of the tasks.
    std::vector<MemberProcess> processes{};  ///< Sorted by name; each has at least one thread.
    RackTraffic traffic{};                   ///< Used by a rack strategy.
};

/// The index of a process in Cluster::processes.
using ProcessIndex = std::size_t;

/// Compares processes by the lags of their state.
class Progress {
  public:
    /// `cluster` must outlive this.
    Progress(const Cluster& cluster, TaskLag acceptable_lag)
        : cluster_(cluster), acceptable_lag_(acceptable_lag) {}

    /// The lag of the process for that task; kUnknown if it was not measured; kNone if the process
    /// has no state.
    TaskLag behind(ProcessIndex process, TaskId task) const;
    static constexpr TaskLag kNone = std::numeric_limits<TaskLag>::max();
    static constexpr TaskLag kUnknown = kNone - 1;

    /// Whether the process is caught up with the task: its lag, or the size of the whole changelog,
    /// is at most acceptable.recovery.lag.
    bool caught_up(ProcessIndex process, TaskId task) const;

    /// The cost of catching up, on a logarithmic scale of the lag: 0 if the process is caught up,
    /// kMostSteps if it has no state.
    std::int64_t steps(ProcessIndex process, TaskId task) const;
    static constexpr std::int64_t kMostSteps = 64;

  private:
    const Cluster& cluster_;
    TaskLag acceptable_lag_;
};

}  // namespace millrace::assignment
