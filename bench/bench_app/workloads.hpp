// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "options.hpp"

#include "millrace/processor/topology.hpp"

#include <optional>
#include <string>

namespace bench {

/// The topology of a workload, as a user would write it; nothing for a workload we do not have.
std::optional<millrace::Topology> make_topology(const Options& options);

/// True when records pass through internal topics, so that reading the input is not the end.
bool has_hops(const std::string& workload);

}  // namespace bench
