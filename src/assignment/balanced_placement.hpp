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

/// A task to place, and its cost in each place. Costs are from 0 to 2^40.
struct TaskToPlace {
    TaskId task{};
    bool stateful = false;
    std::vector<std::int64_t> elsewhere{0};  ///< By rack: the cost in a place not in `at`.
    std::vector<std::pair<std::size_t, std::int64_t>> at{};  ///< Cheaper places and their costs.
};

struct PlacementRules {
    std::size_t racks = 1;
    bool balance_sub_topologies = true;
};

/// Returns the place of each task. The placement is balanced, and no balanced placement costs less.
///
/// The placement is balanced. Each place gets its share of all tasks and of all stateful tasks;
/// with balance_sub_topologies, also of the tasks of each sub-topology. A share is proportional to
/// the place's weight, and is rounded down or up. Deterministic. Requires at least one place, with
/// a weight above 0.
std::vector<std::size_t> place_balanced(const std::vector<TaskToPlace>& tasks,
                                        const std::vector<Place>& places,
                                        const PlacementRules& rules = {});

}  // namespace millrace::assignment
