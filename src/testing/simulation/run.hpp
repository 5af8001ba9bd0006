// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/testing/simulation.hpp"
#include "testing/embedded/broker/defects.hpp"
#include "testing/simulation/fault_plan.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace millrace::testing::simulated {

/// The output topics of an undisturbed run.
using Output = SimulatedApplication::Output;

/// The input, the faults and the size of a run.
struct RunPlan {
    std::uint64_t seed = 0;
    std::vector<PlannedEvent> faults;
    std::vector<SimulatedInput> input;
    SimulationOptions options;
    int instances = 1;
    int threads = 1;                           ///< At the start, of each instance.
    bool delays = true;                        ///< Whether requests take time.
    const Output* expected = nullptr;          ///< Null: not compared.
    std::optional<embedded::Defect> defect{};  ///< Of the brokers.
};

/// Runs the application once. Throws the errors of the topology and of the settings.
SimulationReport run(const SimulatedApplication& application, const RunPlan& plan);

/// testing::simulate, with brokers that have a defect.
SimulationReport simulate(const SimulatedApplication& application, const SimulationOptions& options,
                          std::optional<embedded::Defect> defect);

}  // namespace millrace::testing::simulated
