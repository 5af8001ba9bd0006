// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace::assignment {

/// Finds the cheapest flow through a network: for a given amount, from one node to another, within
/// the capacities of the arcs. Costs may be negative if the network has no cycle.
///
/// The primal-dual method: as long as there are paths of the least cost, it fills all of them at
/// once. So its time depends on how many different costs paths have, rather than on the amount.
class MinCostFlow {
  public:
    explicit MinCostFlow(std::size_t nodes) : nodes_(nodes) {}

    /// Returns the arc's number.
    std::size_t add_arc(std::size_t from, std::size_t to, std::int64_t capacity, std::int64_t cost);

    /// Sends up to `amount`; returns how much arrives. Call it once.
    std::int64_t run(std::size_t source, std::size_t sink, std::int64_t amount);

    std::int64_t flow(std::size_t arc) const { return edges_[2 * arc + 1].left; }

  private:
    /// An arc, at an even number, or its way back, at the next.
    struct Edge {
        std::size_t to = 0;
        std::int64_t left = 0;  // Of the capacity.
        std::int64_t cost = 0;
    };
    struct Node {
        std::vector<std::size_t> edges;
        std::int64_t distance = 0;  // From the source; kFar: not reachable.
        std::size_t next = 0;       // The first edge that may still have room.
        bool queued = false;
        bool on_path = false;
    };

    bool find_distances(std::size_t source, std::size_t sink);
    std::int64_t push(std::size_t node, std::size_t sink, std::int64_t amount);

    std::vector<Node> nodes_;
    std::vector<Edge> edges_;
};

}  // namespace millrace::assignment
