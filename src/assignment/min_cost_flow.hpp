// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace::assignment {

/// Finds the flow of least cost from one node of a network to another. Costs may be negative if the
/// network has no cycle.
///
/// Uses the primal-dual method: each phase saturates all shortest paths. The number of phases is
/// the number of distinct path costs. It does not depend on the amount of flow.
class MinCostFlow {
  public:
    explicit MinCostFlow(std::size_t nodes) : nodes_(nodes) {}

    /// Returns the number of the arc, for flow().
    std::size_t add_arc(std::size_t from, std::size_t to, std::int64_t capacity, std::int64_t cost);

    /// Computes the flow of at most `amount` units. Returns the units that reach the sink. Call it
    /// once.
    std::int64_t run(std::size_t source, std::size_t sink, std::int64_t amount);

    std::int64_t flow(std::size_t arc) const { return edges_[2 * arc + 1].left; }

  private:
    /// Even index: an arc. The next index: its residual arc.
    struct Edge {
        std::size_t to = 0;
        std::int64_t left = 0;  // Residual capacity.
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
