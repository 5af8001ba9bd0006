// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/state/bytes_store.hpp"
#include "millrace/state/store_spec.hpp"
#include "millrace/testing/topology_test_driver.hpp"
#include "runtime/task/task_settings.hpp"
#include "state/budget/state_memory.hpp"

#include <memory>

namespace millrace::testing {

/// What a driver's settings come to.
struct DriverSettings {
    std::shared_ptr<const runtime::TaskSettings> task;
    state::StateMemory::Limits memory;
    StoreEngine engine = StoreEngine::kRocksDb;
    bool dsl_headers = false;
};

/// Reads the settings as a client does: throws ConfigError for names that are unknown and for
/// values that cannot be read, and when the settings ask for more than `topology` was built with.
DriverSettings driver_settings(const Topology& topology, const DriverOptions& options);

}  // namespace millrace::testing
