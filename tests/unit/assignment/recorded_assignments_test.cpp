// SPDX-License-Identifier: Apache-2.0

// The assignments of Kafka Streams 4.4.0 for 200 groups, recorded by RecordAssignments.java, beside
// those for the same groups here: from the first one to the last, when nothing waits any more.
#include "assignment/task_assignment.hpp"
#include "unit/assignment/recorded_text.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <functional>
#include <iostream>
#include <limits>
#include <utility>

namespace millrace::assignment {
namespace {

constexpr TaskLag kAll = 100'000;  // The lag of a process without state.

/// What an assignment costs, and how even it is.
struct Judgement {
    std::int64_t rounds = 0;
    std::int64_t restored = 0;  ///< Records, in all rounds.
    std::int64_t moved = 0;     ///< Tasks whose process is still there.
    std::int64_t stateful_spread = 0;
    std::int64_t active_spread = 0;
    std::int64_t spread = 0;  ///< Of all copies.
};

using Copies = std::map<std::string, MemberTasks>;  // By process.

struct Recorded {
    std::string name;
    Cluster cluster;
    AssignorOptions options;
    Copies last;
    std::int64_t rounds = 0;
    std::int64_t restored = 0;
};

MemberProcess process_in(const std::string& line) {
    const auto given = words(line);
    MemberProcess process{.name = line.substr(0, line.find(' '))};
    for (int thread = 0; thread < std::stoi(given.at("threads")); ++thread) {
        process.threads.push_back({.member = process.name + "-" + std::to_string(thread)});
    }
    // Which thread of the process has a task is not recorded.
    std::size_t next = 0;
    for (const TaskId& task : tasks_in(given.at("runs"))) {
        process.threads[next++ % process.threads.size()].active.insert(task);
    }
    for (const TaskId& task : tasks_in(given.at("keeps"))) {
        process.threads[next++ % process.threads.size()].standby.insert(task);
    }
    for (const std::string& lag : split(given.at("lags"), ',')) {
        const auto equals = lag.find('=');
        process.lags[task_in(lag.substr(0, equals))] = std::stoll(lag.substr(equals + 1));
    }
    return process;
}

std::vector<Recorded> recorded() {
    std::ifstream in(MILLRACE_SOURCE_DIR "/tests/unit/assignment/recorded/cases.txt");
    std::vector<Recorded> result;
    std::string part;
    for (std::string line; std::getline(in, line);) {
        const auto given = words(line);
        if (line.starts_with("case")) {
            Recorded& each = result.emplace_back();
            each.name = line.substr(0, line.find(" standbys"));
            each.options.standby_replicas = std::stoi(given.at("standbys"));
            each.options.warmup_replicas = std::stoi(given.at("warmups"));
            each.options.acceptable_recovery_lag = std::stoll(given.at("lag"));
            for (const bool stateful : {true, false}) {
                for (const TaskId& task : tasks_in(given.at(stateful ? "stateful" : "stateless"))) {
                    each.cluster.tasks.emplace(task, stateful);
                }
            }
            part = "case";
        } else if (line.starts_with("first") || line.starts_with("last")) {
            part = line.substr(0, line.find(' '));
            if (part == "last") {
                result.back().rounds = std::stoll(given.at("rounds"));
                result.back().restored = std::stoll(given.at("restored"));
            }
        } else if (part == "case") {
            result.back().cluster.processes.push_back(process_in(line));
        } else if (part == "last") {
            result.back().last[line.substr(0, line.find(' '))] = {
                .active = tasks_in(given.at("active")), .standby = tasks_in(given.at("standby"))};
        }
    }
    return result;
}

Copies by_process(const Cluster& cluster, const TaskAssignment& assigned) {
    Copies result;
    for (const MemberProcess& process : cluster.processes) {
        MemberTasks& all = result[process.name];
        for (const MemberThread& thread : process.threads) {
            const MemberTasks& tasks = assigned.members.at(thread.member);
            all.active.insert(all.active.end(), tasks.active.begin(), tasks.active.end());
            all.standby.insert(all.standby.end(), tasks.standby.begin(), tasks.standby.end());
        }
    }
    return result;
}

/// Everybody does what is assigned, and catches up. Returns how many records are read.
std::int64_t follow(Cluster& cluster, const TaskAssignment& assigned) {
    std::int64_t restored = 0;
    for (MemberProcess& process : cluster.processes) {
        for (MemberThread& thread : process.threads) {
            const MemberTasks& tasks = assigned.members.at(thread.member);
            thread.active = {tasks.active.begin(), tasks.active.end()};
            thread.standby = {tasks.standby.begin(), tasks.standby.end()};
            for (const auto* held : {&tasks.active, &tasks.standby}) {
                for (const TaskId& task : *held) {
                    if (cluster.tasks.at(task)) {
                        const auto [lag, none] = process.lags.try_emplace(task, kAll);
                        restored += std::exchange(lag->second, 0);
                    }
                }
            }
        }
    }
    return restored;
}

/// The difference between the fullest and the emptiest thread, if each process spreads its tasks.
std::int64_t spread(const Cluster& cluster, const Copies& copies,
                    const std::function<std::int64_t(const MemberTasks&)>& count) {
    std::int64_t most = 0;
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    for (const MemberProcess& process : cluster.processes) {
        const auto threads = static_cast<std::int64_t>(process.threads.size());
        const std::int64_t tasks = count(copies.at(process.name));
        most = std::max(most, (tasks + threads - 1) / threads);
        least = std::min(least, tasks / threads);
    }
    return most - least;
}

void judge(const Cluster& before, const Copies& last, Judgement& result) {
    const auto size = [](const auto& items) { return static_cast<std::int64_t>(items.size()); };
    result.active_spread =
        spread(before, last, [&](const MemberTasks& tasks) { return size(tasks.active); });
    result.spread = spread(before, last, [&](const MemberTasks& tasks) {
        return size(tasks.active) + size(tasks.standby);
    });
    result.stateful_spread = spread(before, last, [&](const MemberTasks& tasks) {
        return std::count_if(tasks.active.begin(), tasks.active.end(),
                             [&](const TaskId& task) { return before.tasks.at(task); });
    });
    for (const MemberProcess& process : before.processes) {
        const auto& now = last.at(process.name).active;
        for (const auto& [task, stateful] : before.tasks) {
            result.moved +=
                process.runs(task) && std::find(now.begin(), now.end(), task) == now.end() ? 1 : 0;
        }
    }
}

Judgement judge_ours(const Recorded& recorded) {
    Judgement result;
    Cluster cluster = recorded.cluster;
    TaskAssignment assigned;
    do {
        assigned = assign_tasks(cluster, recorded.options);
        result.restored += follow(cluster, assigned);
        ++result.rounds;
    } while (!assigned.complete && result.rounds < 500);
    judge(recorded.cluster, by_process(recorded.cluster, assigned), result);
    return result;
}

Judgement judge_theirs(const Recorded& recorded) {
    Judgement result{.rounds = recorded.rounds, .restored = recorded.restored};
    judge(recorded.cluster, recorded.last, result);
    return result;
}

/// Sums over all groups.
struct Measure {
    const char* name;
    std::int64_t Judgement::*value;
    int may_be_worse;  ///< In how many groups, each by one at most.
    int better = 0;
    int worse = 0;
    std::int64_t ours = 0;
    std::int64_t theirs = 0;
};

void expect_not_worse(const Measure& measure) {
    std::cout << measure.name << ": " << measure.ours << ", Kafka Streams " << measure.theirs
              << "; less in " << measure.better << " groups, more in " << measure.worse << "\n";
    EXPECT_LE(measure.ours, measure.theirs) << measure.name;
    EXPECT_LE(measure.worse, measure.may_be_worse) << measure.name;
}

TEST(RecordedAssignments, AreNotMoreEvenThanOursAndMoveAndRestoreMore) {
    // One group has three tasks for nine threads: the process with three threads gets one of them
    // here. In another one, two of three warm-ups are used for standbys first.
    std::array<Measure, 6> measures{{{"rounds", &Judgement::rounds, 1},
                                     {"records restored", &Judgement::restored, 0},
                                     {"tasks moved", &Judgement::moved, 1},
                                     {"spread of stateful tasks", &Judgement::stateful_spread, 0},
                                     {"spread of active tasks", &Judgement::active_spread, 0},
                                     {"spread of all copies", &Judgement::spread, 0}}};
    const std::vector<Recorded> cases = recorded();
    ASSERT_EQ(cases.size(), 200U);
    for (const Recorded& each : cases) {
        const Judgement ours = judge_ours(each);
        const Judgement theirs = judge_theirs(each);
        for (Measure& measure : measures) {
            const std::int64_t here = ours.*measure.value;
            const std::int64_t there = theirs.*measure.value;
            measure.ours += here;
            measure.theirs += there;
            measure.better += here < there ? 1 : 0;
            measure.worse += here > there ? 1 : 0;
            EXPECT_LE(here, there + (measure.may_be_worse > 0 ? 1 : 0))
                << measure.name << " of " << each.name;
        }
    }
    std::for_each(measures.begin(), measures.end(), expect_not_worse);
}

}  // namespace
}  // namespace millrace::assignment
