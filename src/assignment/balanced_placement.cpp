// SPDX-License-Identifier: Apache-2.0
#include "assignment/balanced_placement.hpp"

#include "assignment/min_cost_flow.hpp"
#include "core/check.hpp"

#include <algorithm>
#include <map>

namespace millrace::assignment {

namespace {

/// Models the placement as a min-cost flow. Each task is one unit. It flows from the source
/// through three nodes of its place to the sink: one for its sub-topology, one for stateful or
/// stateless tasks, and one for all tasks. The fair share bounds the flow through each node. The
/// exact shares are such a flow, and a flow with integral bounds can be made integral, so a
/// solution exists.
class Placement {
  public:
    Placement(const std::vector<TaskToPlace>& tasks, const std::vector<Place>& places,
              const PlacementRules& rules);

    std::vector<std::size_t> solve();

  private:
    /// The tasks of a sub-topology.
    struct Kind {
        std::size_t number = 0;
        std::int64_t count = 0;
        bool stateful = false;
    };
    struct Arc {
        std::size_t place = 0;
        std::size_t number = 0;  // In the flow.
        std::int64_t taken = 0;  // How much of the flow belongs to tasks already.
    };

    // Nodes: source, sink, tasks, kinds by rack, kinds by place, stateful by place, places.
    static constexpr std::size_t kSource = 0;
    static constexpr std::size_t kSink = 1;
    std::size_t task(std::size_t index) const { return 2 + index; }
    std::size_t pool(const Kind& kind, std::size_t rack) const {
        return task(tasks_.size()) + kind.number * rules_.racks + rack;
    }
    std::size_t cell(const Kind& kind, std::size_t place) const {
        return task(tasks_.size()) + kinds_.size() * rules_.racks + kind.number * places_.size() +
               place;
    }
    std::size_t stateful(std::size_t place) const {
        return task(tasks_.size()) + kinds_.size() * (rules_.racks + places_.size()) + place;
    }
    std::size_t all(std::size_t place) const { return stateful(place) + places_.size(); }

    void add_share(std::size_t from, std::size_t to, std::int64_t count, std::size_t place);
    void add_kind(const Kind& kind);
    void add_task(std::size_t index);
    std::size_t taken_from(const Kind& kind, std::size_t rack);

    const std::vector<TaskToPlace>& tasks_;
    const std::vector<Place>& places_;
    const PlacementRules& rules_;
    std::map<std::int32_t, Kind> kinds_;
    std::int64_t weight_ = 0;
    std::int64_t prize_ = 1;  // For a guaranteed unit; exceeds the sum of all costs.
    MinCostFlow flow_{0};
    std::vector<std::vector<Arc>> direct_;          // By task: to places.
    std::vector<std::vector<std::size_t>> pooled_;  // By task and rack.
    std::vector<std::vector<Arc>> from_pool_;       // By kind and rack.
};

Placement::Placement(const std::vector<TaskToPlace>& tasks, const std::vector<Place>& places,
                     const PlacementRules& rules)
    : tasks_(tasks), places_(places), rules_(rules) {
    for (const Place& place : places_) {
        weight_ += static_cast<std::int64_t>(place.weight);
    }
    MILLRACE_CHECK(weight_ > 0);
    std::int64_t stateful_tasks = 0;
    for (const TaskToPlace& each : tasks_) {
        Kind& kind = kinds_[each.task.sub_topology];
        ++kind.count;
        kind.stateful = each.stateful;
        stateful_tasks += each.stateful ? 1 : 0;
        prize_ += *std::max_element(each.elsewhere.begin(), each.elsewhere.end());
        for (const auto& [place, cost] : each.at) {
            prize_ += cost;
        }
    }
    std::size_t number = 0;
    for (auto& [sub_topology, kind] : kinds_) {
        kind.number = number++;
    }
    flow_ = MinCostFlow(all(places_.size()));
    from_pool_.resize(kinds_.size() * rules_.racks);
    for (std::size_t place = 0; place < places_.size(); ++place) {
        add_share(stateful(place), all(place), stateful_tasks, place);
        add_share(all(place), kSink, static_cast<std::int64_t>(tasks_.size()), place);
    }
    for (const auto& [sub_topology, kind] : kinds_) {
        add_kind(kind);
    }
    direct_.resize(tasks_.size());
    pooled_.resize(tasks_.size());
    for (std::size_t index = 0; index < tasks_.size(); ++index) {
        add_task(index);
    }
}

/// Adds an arc for the share of a place in `count` tasks. Its guaranteed part has a negative cost,
/// so the cheapest flow fills it.
void Placement::add_share(std::size_t from, std::size_t to, std::int64_t count, std::size_t place) {
    const std::int64_t share = count * static_cast<std::int64_t>(places_[place].weight);
    const std::int64_t least = share / weight_;
    flow_.add_arc(from, to, least, -prize_);
    flow_.add_arc(from, to, (share + weight_ - 1) / weight_ - least, 0);
}

void Placement::add_kind(const Kind& kind) {
    for (std::size_t place = 0; place < places_.size(); ++place) {
        const std::size_t rack = places_[place].rack;
        from_pool_[kind.number * rules_.racks + rack].push_back(
            {place, flow_.add_arc(pool(kind, rack), cell(kind, place), kind.count, 0)});
        const std::size_t next = kind.stateful ? stateful(place) : all(place);
        if (rules_.balance_sub_topologies) {
            add_share(cell(kind, place), next, kind.count, place);
        } else {
            flow_.add_arc(cell(kind, place), next, kind.count, 0);
        }
    }
}

void Placement::add_task(std::size_t index) {
    const TaskToPlace& each = tasks_[index];
    const Kind& kind = kinds_.at(each.task.sub_topology);
    flow_.add_arc(kSource, task(index), 1, 0);
    for (const auto& [place, cost] : each.at) {
        direct_[index].push_back({place, flow_.add_arc(task(index), cell(kind, place), 1, cost)});
    }
    for (std::size_t rack = 0; rack < rules_.racks; ++rack) {
        pooled_[index].push_back(
            flow_.add_arc(task(index), pool(kind, rack), 1, each.elsewhere[rack]));
    }
}

/// A place that gets a task from this pool. Each call takes one of them.
std::size_t Placement::taken_from(const Kind& kind, std::size_t rack) {
    auto& arcs = from_pool_[kind.number * rules_.racks + rack];
    while (flow_.flow(arcs.back().number) == arcs.back().taken) {
        arcs.pop_back();
    }
    ++arcs.back().taken;
    return arcs.back().place;
}

std::vector<std::size_t> Placement::solve() {
    const auto count = static_cast<std::int64_t>(tasks_.size());
    MILLRACE_CHECK(flow_.run(kSource, kSink, count) == count);
    std::vector<std::size_t> result;
    result.reserve(tasks_.size());
    for (std::size_t index = 0; index < tasks_.size(); ++index) {
        const auto& direct = direct_[index];
        const auto arc = std::find_if(direct.begin(), direct.end(), [this](const Arc& each) {
            return flow_.flow(each.number) > 0;
        });
        if (arc != direct.end()) {
            result.push_back(arc->place);
            continue;
        }
        std::size_t rack = 0;
        while (flow_.flow(pooled_[index][rack]) == 0) {
            ++rack;
        }
        result.push_back(taken_from(kinds_.at(tasks_[index].task.sub_topology), rack));
    }
    return result;
}

}  // namespace

std::vector<std::size_t> place_balanced(const std::vector<TaskToPlace>& tasks,
                                        const std::vector<Place>& places,
                                        const PlacementRules& rules) {
    return tasks.empty() ? std::vector<std::size_t>{} : Placement(tasks, places, rules).solve();
}

}  // namespace millrace::assignment
