// SPDX-License-Identifier: Apache-2.0
#include "client/settings/optimizations.hpp"

#include "millrace/client/streams_config.hpp"
#include "millrace/core/error.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace millrace {
namespace client {
namespace {

struct Part {
    std::string_view name;
    bool TopologyOptions::*option;
};

constexpr std::array<Part, 3> kParts{{
    {"reuse.ktable.source.topics", &TopologyOptions::reuse_source_topics},
    {"merge.repartition.topics", &TopologyOptions::merge_repartition_topics},
    {"single.store.self.join", &TopologyOptions::single_store_self_join},
}};

}  // namespace

std::optional<TopologyOptions> optimizations(std::string_view setting) {
    TopologyOptions options;
    if (setting == "none") {
        return options;
    }
    if (setting == "all") {
        return TopologyOptions::optimized();
    }
    while (!setting.empty()) {
        const auto comma = std::min(setting.find(','), setting.size());
        std::string_view name = setting.substr(0, comma);
        setting.remove_prefix(std::min(comma + 1, setting.size()));
        name.remove_prefix(std::min(name.find_first_not_of(' '), name.size()));
        const auto part = std::find_if(kParts.begin(), kParts.end(),
                                       [name](const Part& each) { return each.name == name; });
        if (part == kParts.end()) {
            return std::nullopt;
        }
        options.*part->option = true;
    }
    return options;
}

void require_options(const detail::TopologySpec& program, const StreamsConfig& config) {
    const TopologyOptions wanted = config.topology_options();
    if (!program.options) {
        return;
    }
    std::string missing;
    const auto require = [&](const Part& part) {
        if (wanted.*part.option && !(*program.options.*part.option)) {
            missing += (missing.empty() ? "" : ", ") + std::string(part.name);
        }
    };
    std::for_each(kParts.begin(), kParts.end(), require);
    require({"ensure.explicit.internal.resource.naming", &TopologyOptions::require_explicit_names});
    if (!missing.empty()) {
        throw ConfigError("the settings require " + missing +
                          ", but the topology was built without: pass "
                          "StreamsConfig::topology_options() to StreamsBuilder::build");
    }
}

}  // namespace client

TopologyOptions StreamsConfig::topology_options() const {
    auto options = client::optimizations(topology_optimization);
    if (!options) {
        throw ConfigError("topology.optimization = \"" + topology_optimization + "\": must be " +
                          std::string(client::kOptimizationValues));
    }
    options->require_explicit_names = ensure_explicit_internal_resource_naming;
    return *options;
}

}  // namespace millrace
