// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/testing/simulation.hpp"
#include "testing/simulation/random_numbers.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace millrace::testing::simulated {

/// A fault of a simulation: what, when, and numbers that decide the details.
struct PlannedEvent {
    std::chrono::milliseconds at{0};  ///< Since the start.
    SimulatedFault fault{};
    std::uint64_t choice = 0;            ///< Which instance, request or member.
    std::chrono::milliseconds lasts{0};  ///< Until it is over, or the instance starts again.
};

/// "at 3.250 s: an instance crashes, for 1.200 s".
std::string to_string(const PlannedEvent& event);

/// Random faults, in the order of their time.
std::vector<PlannedEvent> plan_faults(RandomNumbers& random, const SimulationOptions& options);

}  // namespace millrace::testing::simulated
