// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/task_id.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace millrace::assignment {

/// A place for tasks: a process, weighted by its number of threads, or a thread.
struct Place {
    std::size_t weight = 1;
    std::size_t rack = 0;  ///< A number below PlacementRules::racks.
};

/// A task to place, and what it costs where. Costs are from 0 to 2^40.
struct TaskToPlace {
    TaskId task{};
    bool stateful = false;
    std::vector<std::int64_t> elsewhere{0};                  ///< By rack: in most places of it.
    std::vector<std::pair<std::size_t, std::int64_t>> at{};  ///< In these places, at most that.
};

struct PlacementRules {
    std::size_t racks = 1;
    bool balance_sub_topologies = true;
};

/// The place of each task, so that the tasks are balanced, and of all such placements, one with the
/// least cost.
///
/// Balanced: each place has its share by weight, rounded down or up, of all tasks, of all stateful
/// ones, and, if the rules say so, of those of each sub-topology.
/// The result depends on the input only. Requires at least one place, with a weight above 0.
std::vector<std::size_t> place_balanced(const std::vector<TaskToPlace>& tasks,
                                        const std::vector<Place>& places,
                                        const PlacementRules& rules = {});

}  // namespace millrace::assignment
