// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "case.hpp"
#include "millrace/processor/topology.hpp"

#include <map>
#include <string>
#include <vector>

namespace millrace::parity {

/// Builds the topology of one scenario.
using Build = Topology (*)(Case& c);

struct Scenario {
    const char* name;
    Build build;
};

/// One list for each file of the recorder.
using Scenarios = std::vector<Scenario>;

Scenarios stateless();
Scenarios stateless_repartitions();
Scenarios aggregations();
Scenarios aggregations_tables();
Scenarios naming();
Scenarios windows();
Scenarios joins_tables();
Scenarios table_joins();
Scenarios tables();

/// All scenarios by name.
const std::map<std::string, Build>& all_scenarios();

}  // namespace millrace::parity
