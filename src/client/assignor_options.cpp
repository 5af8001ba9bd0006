// SPDX-License-Identifier: Apache-2.0
#include "client/assignor_options.hpp"

#include "client/settings/client_tags.hpp"

namespace millrace::client {

namespace {

assignment::RackStrategy rack_strategy(const std::string& name) {
    using assignment::RackStrategy;
    return name == "min_traffic"           ? RackStrategy::kMinTraffic
           : name == "balance_subtopology" ? RackStrategy::kBalanceSubTopology
                                           : RackStrategy::kNone;
}

}  // namespace

assignment::AssignorOptions assignor_options(const StreamsConfig& config) {
    return {.standby_replicas = config.num_standby_replicas,
            .warmup_replicas = config.max_warmup_replicas,
            .acceptable_recovery_lag = config.acceptable_recovery_lag,
            .probing_interval = config.probing_rebalance_interval,
            .rack_tags =
                rack_tags(config.rack_aware_assignment_tags).value_or(std::vector<std::string>{}),
            .rack_strategy = rack_strategy(config.rack_aware_assignment_strategy),
            .traffic_cost = config.rack_aware_assignment_traffic_cost,
            .non_overlap_cost = config.rack_aware_assignment_non_overlap_cost,
            .client_tags = client_tags(config)};
}

}  // namespace millrace::client
