// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "options.hpp"

#include "millrace/processor/topology.hpp"

#include <optional>
#include <string>

namespace bench {

/// The topology of a workload, written as a user would. Empty for an unknown workload.
std::optional<millrace::Topology> make_topology(const Options& options);

/// True if records pass through internal topics, so that the run does not end with the input.
bool has_hops(const std::string& workload);

}  // namespace bench
