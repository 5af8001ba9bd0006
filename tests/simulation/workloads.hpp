// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/testing/simulation.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace millrace::simulation {

/// The names of the applications that are simulated.
std::vector<std::string> workloads();

/// That application; the seed decides input, partition counts and some settings.
testing::SimulatedApplication workload(const std::string& name, std::uint64_t seed,
                                       ProcessingGuarantee guarantee);

}  // namespace millrace::simulation
