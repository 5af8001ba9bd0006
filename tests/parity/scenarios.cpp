// SPDX-License-Identifier: Apache-2.0
#include "scenario.hpp"

namespace millrace::parity {

const std::map<std::string, Build>& all_scenarios() {
    static const std::map<std::string, Build> all = [] {
        std::map<std::string, Build> scenarios;
        for (const auto& area : {stateless(), stateless_repartitions(), aggregations(), aggregations_tables(), naming(), windows(), joins_tables(), table_joins(), tables()}) {
            for (const Scenario& scenario : area) {
                scenarios.emplace(scenario.name, scenario.build);
            }
        }
        return scenarios;
    }();
    return all;
}

}  // namespace millrace::parity
