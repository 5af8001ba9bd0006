// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace millrace::assignment {

/// How active tasks are placed with respect to racks.
enum class RackStrategy : std::uint8_t {
    kNone,
    kMinTraffic,          ///< As little traffic between racks as balance allows.
    kBalanceSubTopology,  ///< The same, with each sub-topology balanced.
};

/// The settings of an assignor.
struct AssignorOptions {
    // Those of the group's leader decide.
    int standby_replicas = 0;                       ///< Of each task with state.
    int warmup_replicas = 2;                        ///< The most in the group.
    std::int64_t acceptable_recovery_lag = 10'000;  ///< A process up to that lag is caught up.
    std::chrono::milliseconds probing_interval{600'000};
    std::vector<std::string> rack_tags{};  ///< Names of tags, the most important one first.
    RackStrategy rack_strategy = RackStrategy::kNone;
    int traffic_cost = 10;     ///< Of each partition that a task reads from another rack.
    int non_overlap_cost = 1;  ///< Of the move of a task; both of stateful tasks.

    // Of this member.
    std::map<std::string, std::string> client_tags{};
    std::string endpoint{};  ///< "host:port" of the process, for queries; empty: none.
};

}  // namespace millrace::assignment
