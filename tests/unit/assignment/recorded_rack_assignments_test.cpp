// SPDX-License-Identifier: Apache-2.0

// The rack-aware assignments of Kafka Streams 4.4.0 for 100 groups, recorded by
// RecordRackAssignments.java, beside those for the same groups here.
#include "assignment/task_assignment.hpp"
#include "unit/assignment/recorded_text.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <iostream>

namespace millrace::assignment {
namespace {

using Active = std::map<std::string, std::vector<TaskId>>;  // By process.

class Recorded {
  public:
    explicit Recorded(const std::string& line) : name(line.substr(0, line.find(" stateful"))) {
        const auto given = words(line);
        options.rack_strategy = given.at("strategy") == "min_traffic"
                                    ? RackStrategy::kMinTraffic
                                    : RackStrategy::kBalanceSubTopology;
        for (const bool stateful : {true, false}) {
            for (const TaskId& task : tasks_in(given.at(stateful ? "stateful" : "stateless"))) {
                cluster.tasks.emplace(task, stateful);
            }
        }
    }

    void read(const std::string& line) {
        const auto given = words(line);
        if (line.starts_with("racks")) {
            for (const std::string& each : split(given.at("of"), ',')) {
                const auto equals = each.find('=');
                const TaskId task = task_in(each.substr(0, equals));
                const auto racks = split(each.substr(equals + 1), '+');
                replicas_[partition(task)] = {racks.begin(), racks.end()};
            }
            return;
        }
        const std::string process = line.substr(0, line.find(' '));
        MemberProcess& added = cluster.processes.emplace_back();
        added.name = process;
        added.rack = given.at("rack");
        const auto runs = tasks_in(given.at("runs"));
        added.threads.push_back({.member = process, .active = {runs.begin(), runs.end()}});
        for (const auto& [task, stateful] : cluster.tasks) {
            if (stateful) {
                added.lags[task] = 0;
            }
        }
        kafka[process] = tasks_in(given.at("active"));
    }

    Active assign() {
        std::vector<std::string> racks;
        for (const MemberProcess& process : cluster.processes) {
            racks.push_back(process.rack);
        }
        std::map<TaskId, std::vector<TopicPartition>> partitions;
        for (const auto& [task, stateful] : cluster.tasks) {
            partitions[task] = {partition(task)};
        }
        cluster.traffic = RackTraffic(racks, partitions, replicas_);
        Active result;
        for (const auto& [member, tasks] : assign_tasks(cluster, options).members) {
            result[member] = tasks.active;
        }
        return result;
    }

    /// Traffic between racks and moves, as Kafka Streams weighs them by default.
    std::int64_t cost(const Active& active) const {
        std::int64_t sum = 0;
        for (const MemberProcess& process : cluster.processes) {
            for (const TaskId& task : active.at(process.name)) {
                const bool stateful = cluster.tasks.at(task);
                const bool near = replicas_.at(partition(task)).contains(process.rack);
                const bool moved =
                    !process.runs(task) &&
                    std::any_of(cluster.processes.begin(), cluster.processes.end(),
                                [&](const MemberProcess& other) { return other.runs(task); });
                sum += (near ? 0 : stateful ? 10 : 1) + (moved && stateful ? 1 : 0);
            }
        }
        return sum;
    }

    std::string name;
    Cluster cluster;
    AssignorOptions options;
    Active kafka;

  private:
    static TopicPartition partition(TaskId task) {
        return {"t" + std::to_string(task.sub_topology), task.partition};
    }

    kafka::ReplicaRacks replicas_;
};

std::vector<Recorded> recorded() {
    std::ifstream in(MILLRACE_SOURCE_DIR "/tests/unit/assignment/recorded/rack_cases.txt");
    std::vector<Recorded> result;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("case")) {
            result.emplace_back(line);
        } else {
            result.back().read(line);
        }
    }
    return result;
}

std::size_t spread(const Active& active) {
    const auto [least, most] = std::minmax_element(
        active.begin(), active.end(),
        [](const auto& one, const auto& other) { return one.second.size() < other.second.size(); });
    return most->second.size() - least->second.size();
}

TEST(RecordedRackAssignments, CostNoMoreThanThoseOfKafkaStreams) {
    auto cases = recorded();
    ASSERT_EQ(cases.size(), 100U);
    std::int64_t ours = 0;
    std::int64_t theirs = 0;
    for (Recorded& each : cases) {
        const Active assigned = each.assign();
        const auto cost = each.cost(assigned);
        EXPECT_LE(cost, each.cost(each.kafka)) << each.name;
        EXPECT_LE(spread(assigned), 1U) << each.name;
        ours += cost;
        theirs += each.cost(each.kafka);
    }
    std::cout << "cost of traffic and moves: " << ours << ", of Kafka Streams' assignor: " << theirs
              << '\n';
}

}  // namespace
}  // namespace millrace::assignment
