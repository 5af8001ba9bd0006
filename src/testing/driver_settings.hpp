// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/state/store_spec.hpp"
#include "millrace/state/bytes_store.hpp"
#include "millrace/testing/topology_test_driver.hpp"
#include "runtime/task/task_settings.hpp"
#include "state/budget/memory_budget.hpp"

#include <memory>

namespace millrace::testing {

/// The settings of a driver in the runtime's form.
struct DriverSettings {
    std::shared_ptr<const runtime::TaskSettings> task;
    state::MemoryBudget::Limits memory;
    StoreEngine engine = StoreEngine::kRocksDb;
    bool dsl_headers = false;
};

/// Reads the settings like a client: throws ConfigError for unknown names and invalid values, and
/// if the settings require options that `topology` was built without.
DriverSettings driver_settings(const Topology& topology, const DriverOptions& options);

}  // namespace millrace::testing
