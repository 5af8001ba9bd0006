// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "case.hpp"
#include "millrace/processor/topology.hpp"

#include <map>
#include <string>
#include <vector>

namespace millrace::parity {

using Build = Topology (*)(Case& c);

/// The C++ counterpart of one of the recorder's methods.
struct Scenario {
    const char* name = nullptr;
    Build build = nullptr;

    /// Kafka Streams' exception, if it is more specific than TopologyException.
    const char* refused_as = nullptr;
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
Scenarios table_joins_foreign();
Scenarios tables();
Scenarios tables_versioned();
Scenarios store_calls();
Scenarios store_calls_windows();
Scenarios store_calls_sessions();
Scenarios random_topology();
Scenarios processors();
Scenarios processors_punctuate();
Scenarios processors_stores();
Scenarios errors();
Scenarios joins();
Scenarios programs();
Scenarios cogroups();
Scenarios tables_transformed();
Scenarios naming_more();
Scenarios naming_tables();
Scenarios windows_more();
Scenarios sessions();
Scenarios suppress();
Scenarios header_stores();
Scenarios processor_topologies();

/// All scenarios by name.
const std::map<std::string, Scenario>& all_scenarios();

}  // namespace millrace::parity
