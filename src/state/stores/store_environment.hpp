// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "state/budget/cache_budget.hpp"
#include "state/stores/store_context.hpp"

namespace millrace::state {

/// State that all stores of a task share.
struct StoreEnvironment {
    StoreContext* context = nullptr;  ///< Null during a restore.
    CacheBudget* cache = nullptr;     ///< Never null.
    bool processing = true;           ///< False: neither record cache nor changelog.
};

}  // namespace millrace::state
