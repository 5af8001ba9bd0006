// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "assignment/task_assignment.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace millrace::support {

/// Groups of any size with any state, that follow what is assigned to them.
class RandomCluster {
  public:
    explicit RandomCluster(unsigned seed) : random_(seed) {
        for (int part = 0, parts = pick(1, 5); part < parts; ++part) {
            const bool stateful = pick(0, 2) > 0;
            for (int partition = 0, count = pick(1, 16); partition < count; ++partition) {
                cluster.tasks.emplace(TaskId{part, partition}, stateful);
            }
        }
        options.standby_replicas = pick(0, 2);
        options.warmup_replicas = pick(1, 4);
        options.acceptable_recovery_lag = 100;
        if (pick(0, 3) == 0) {
            options.rack_tags = {"zone"};
        }
        for (int process = 0, count = pick(1, 6); process < count; ++process) {
            add_process();
        }
    }

    int pick(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }

    void add_process() {
        assignment::MemberProcess process;
        process.name = "p" + std::to_string(next_++);
        process.tags["zone"] = std::to_string(pick(0, 2));
        for (int thread = 0, count = pick(1, 4); thread < count; ++thread) {
            process.threads.push_back({.member = process.name + "-" + std::to_string(thread)});
        }
        cluster.processes.insert(
            cluster.processes.begin() + pick(0, static_cast<int>(cluster.processes.size())),
            std::move(process));
    }

    void remove_process() {
        cluster.processes.erase(cluster.processes.begin() +
                                pick(0, static_cast<int>(cluster.processes.size()) - 1));
    }

    /// Gives some processes any state, and lets some run or keep tasks.
    void scatter_state() {
        for (const auto& [task, stateful] : cluster.tasks) {
            for (auto& process : cluster.processes) {
                if (stateful && pick(0, 2) == 0) {
                    process.lags[task] = pick(0, 5) == 0 ? kUnknownLag : pick(0, 1000);
                }
            }
            auto& process = cluster.processes.at(pick_index(cluster.processes));
            auto& thread = process.threads.at(pick_index(process.threads));
            if (pick(0, 3) > 0) {
                thread.active.insert(task);
                if (stateful) {
                    process.lags[task] = 0;
                }
            } else if (stateful) {
                thread.standby.insert(task);
                process.lags[task] = pick(0, 200);
            }
        }
    }

    assignment::TaskAssignment assign() const { return assign_tasks(cluster, options); }

    /// The members do what is assigned; standbys catch up.
    void follow(const assignment::TaskAssignment& assigned) {
        for (auto& process : cluster.processes) {
            for (auto& thread : process.threads) {
                const auto& tasks = assigned.members.at(thread.member);
                thread.active = {tasks.active.begin(), tasks.active.end()};
                thread.standby = {tasks.standby.begin(), tasks.standby.end()};
                for (const TaskId& task : tasks.active) {
                    if (cluster.tasks.at(task)) {
                        process.lags[task] = 0;
                    }
                }
                for (const TaskId& task : tasks.standby) {
                    process.lags[task] = pick(0, 50);
                }
            }
            for (auto& [task, lag] : process.lags) {  // Other state grows old, or is deleted.
                if (!process.runs(task) && !process.stands_by(task) && lag >= 0) {
                    lag += 80;
                }
            }
            std::erase_if(process.lags, [](const auto& each) { return each.second > 2000; });
        }
    }

    /// Rounds until nothing waits; at most `most`. The last assignment is followed.
    assignment::TaskAssignment converge(int most, int& rounds) {
        assignment::TaskAssignment assigned;
        for (rounds = 1; rounds <= most; ++rounds) {
            assigned = assign();
            follow(assigned);
            if (assigned.complete) {
                break;
            }
        }
        return assigned;
    }

    /// The processes that run each task.
    std::map<TaskId, std::string> owners() const {
        std::map<TaskId, std::string> result;
        for (const auto& process : cluster.processes) {
            for (const auto& thread : process.threads) {
                for (const TaskId& task : thread.active) {
                    result[task] = process.name;
                }
            }
        }
        return result;
    }

    std::size_t threads() const {
        std::size_t count = 0;
        for (const auto& process : cluster.processes) {
            count += process.threads.size();
        }
        return count;
    }

    assignment::Cluster cluster;
    assignment::AssignorOptions options;

  private:
    template <class Items>
    std::size_t pick_index(const Items& items) {
        return static_cast<std::size_t>(pick(0, static_cast<int>(items.size()) - 1));
    }

    std::mt19937 random_;
    int next_ = 0;
};

}  // namespace millrace::support
