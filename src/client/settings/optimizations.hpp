// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/graph/topology_spec.hpp"
#include "millrace/processor/topology_options.hpp"

#include <optional>
#include <string_view>

namespace millrace {
struct StreamsConfig;
}  // namespace millrace

namespace millrace::client {

inline constexpr std::string_view kOptimizationValues =
    "none, all, or a list of reuse.ktable.source.topics, merge.repartition.topics, "
    "single.store.self.join";

/// The options for a value of topology.optimization. Empty if the value is invalid.
std::optional<TopologyOptions> optimizations(std::string_view setting);

/// Throws ConfigError if the settings require options that the topology was built without: build()
/// optimises only with these options, whatever the settings are. Topologies of the Processor API
/// are not checked.
void require_options(const detail::TopologySpec& program, const StreamsConfig& config);

}  // namespace millrace::client
