// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "options.hpp"

#include "millrace/processor/topology.hpp"

#include <string>
#include <vector>

namespace system_app {

std::vector<std::string> workloads();

bool has_second_input(const std::string& workload);

/// The topology of options.workload, which must be one of workloads(). Keys and values are strings,
/// counts 8 bytes.
millrace::Topology topology(const Options& options);

}  // namespace system_app
