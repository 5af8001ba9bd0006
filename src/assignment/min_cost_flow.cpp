// SPDX-License-Identifier: Apache-2.0
#include "assignment/min_cost_flow.hpp"

#include <algorithm>
#include <deque>
#include <limits>

namespace millrace::assignment {

namespace {

constexpr std::int64_t kFar = std::numeric_limits<std::int64_t>::max();

}  // namespace

std::size_t MinCostFlow::add_arc(std::size_t from, std::size_t to, std::int64_t capacity,
                                 std::int64_t cost) {
    const std::size_t edge = edges_.size();
    nodes_[from].edges.push_back(edge);
    nodes_[to].edges.push_back(edge + 1);
    edges_.push_back({to, capacity, cost});
    edges_.push_back({from, 0, -cost});
    return edge / 2;
}

std::int64_t MinCostFlow::run(std::size_t source, std::size_t sink, std::int64_t amount) {
    std::int64_t sent = 0;
    while (sent < amount && find_distances(source, sink)) {
        for (Node& node : nodes_) {
            node.next = 0;
        }
        sent += push(source, sink, amount - sent);
    }
    return sent;
}

/// Bellman-Ford with a queue, because costs may be negative. Returns false if no path is left.
bool MinCostFlow::find_distances(std::size_t source, std::size_t sink) {
    for (Node& node : nodes_) {
        node.distance = kFar;
    }
    nodes_[source].distance = 0;
    std::deque<std::size_t> queue{source};
    while (!queue.empty()) {
        Node& from = nodes_[queue.front()];
        queue.pop_front();
        from.queued = false;
        for (const std::size_t number : from.edges) {
            const Edge& edge = edges_[number];
            Node& to = nodes_[edge.to];
            if (edge.left == 0 || from.distance + edge.cost >= to.distance) {
                continue;
            }
            to.distance = from.distance + edge.cost;
            if (!to.queued) {
                to.queued = true;
                queue.push_back(edge.to);
            }
        }
    }
    return nodes_[sink].distance != kFar;
}

/// Saturates the shortest paths from `node`. `on_path` avoids cycles of cost 0.
std::int64_t MinCostFlow::push(std::size_t node, std::size_t sink, std::int64_t amount) {
    if (node == sink) {
        return amount;
    }
    Node& from = nodes_[node];
    from.on_path = true;
    std::int64_t sent = 0;
    for (; from.next < from.edges.size(); ++from.next) {
        const std::size_t number = from.edges[from.next];
        const Node& to = nodes_[edges_[number].to];
        if (edges_[number].left == 0 || to.on_path ||
            to.distance != from.distance + edges_[number].cost) {
            continue;
        }
        const std::int64_t pushed =
            push(edges_[number].to, sink, std::min(amount - sent, edges_[number].left));
        edges_[number].left -= pushed;
        edges_[number ^ 1U].left += pushed;
        sent += pushed;
        if (sent == amount) {
            break;
        }
    }
    from.on_path = false;
    return sent;
}

}  // namespace millrace::assignment
