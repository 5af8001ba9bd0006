// SPDX-License-Identifier: Apache-2.0
#pragma once

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
    std::set<TaskId> active{};   ///< The tasks that it runs or restores now.
    std::set<TaskId> standby{};  ///< The tasks that it keeps up to date now.
};

struct MemberProcess {
    std::string name{};
    std::vector<MemberThread> threads{};
    TaskLags lags{};  ///< The tasks whose state it has.
    std::map<std::string, std::string> tags{};
    std::string rack{};

    /// Whether it can keep state up to date. If not, it restores the tasks that move to it.
    bool replicates = true;

    bool runs(TaskId task) const;
    bool stands_by(TaskId task) const;
};

/// The group as its leader sees it, before an assignment.
struct Cluster {
    /// All tasks that must run; true: with state that has changelogs.
    std::map<TaskId, bool> tasks{};
    std::vector<MemberProcess> processes{};  ///< By name; each has a thread.
};

/// The index of a process in Cluster::processes.
using ProcessIndex = std::size_t;

/// How near a process is to running a task: how far its state is.
class Progress {
  public:
    /// `cluster` must outlive this.
    Progress(const Cluster& cluster, TaskLag acceptable_lag)
        : cluster_(cluster), acceptable_lag_(acceptable_lag) {}

    /// How far it is behind, to compare processes: below kUnknown if it was measured; kNone if it
    /// has no state.
    TaskLag behind(ProcessIndex process, TaskId task) const;
    static constexpr TaskLag kNone = std::numeric_limits<TaskLag>::max();
    static constexpr TaskLag kUnknown = kNone - 1;

    bool caught_up(ProcessIndex process, TaskId task) const {
        return behind(process, task) <= acceptable_lag_;
    }

    /// What is to be done until it has the state, in steps that grow with the lag: 0 if it is
    /// caught up, kMostSteps if it has no state.
    std::int64_t steps(ProcessIndex process, TaskId task) const;
    static constexpr std::int64_t kMostSteps = 64;

  private:
    const Cluster& cluster_;
    TaskLag acceptable_lag_;
};

}  // namespace millrace::assignment
