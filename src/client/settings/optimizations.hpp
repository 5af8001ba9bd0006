// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/topology_spec.hpp"
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

/// The options that a value of topology.optimization stands for; nothing when it cannot be read.
std::optional<TopologyOptions> optimizations(std::string_view setting);

/// Throws ConfigError when the settings ask for more than the program was built with: without the
/// options, build() does nothing of it, whatever the settings say. Programs made by hand are what
/// they are.
void require_options(const detail::TopologySpec& program, const StreamsConfig& config);

}  // namespace millrace::client
