// SPDX-License-Identifier: Apache-2.0
#include "scenario.hpp"

namespace millrace::parity {

const std::map<std::string, Scenario>& all_scenarios() {
    static const std::map<std::string, Scenario> all = [] {
        std::map<std::string, Scenario> scenarios;
        for (const auto& area : {stateless(),
                                 stateless_repartitions(),
                                 aggregations(),
                                 aggregations_tables(),
                                 naming(),
                                 windows(),
                                 joins_tables(),
                                 table_joins(),
                                 table_joins_foreign(),
                                 tables(),
                                 tables_versioned(),
                                 store_calls(),
                                 store_calls_windows(),
                                 store_calls_sessions(),
                                 random_topology(),
                                 processors(),
                                 processors_punctuate(),
                                 processors_stores(),
                                 errors(),
                                 joins(),
                                 programs(),
                                 cogroups(),
                                 tables_transformed(),
                                 naming_more(),
                                 naming_tables(),
                                 windows_more(),
                                 sessions(),
                                 suppress(),
                                 header_stores(),
                                 processor_topologies()}) {
            for (const Scenario& scenario : area) {
                scenarios.emplace(scenario.name, scenario);
            }
        }
        return scenarios;
    }();
    return all;
}

}  // namespace millrace::parity
