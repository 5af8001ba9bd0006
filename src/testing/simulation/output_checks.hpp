// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/testing/simulation.hpp"

#include <string>
#include <vector>

namespace millrace::testing::simulated {

/// How the output differs from the expected output; empty: it is as expected. `doubles`: records
/// may be repeated.
std::vector<std::string> differences(const SimulatedApplication& application, bool doubles,
                                     const SimulatedApplication::Output& expected,
                                     const SimulatedApplication::Output& output);

}  // namespace millrace::testing::simulated
