// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace millrace {

/// Where a store keeps its content.
enum class StoreEngine {
    kDefault,  ///< The setting default.dsl.store; default RocksDB.
    kRocksDb,
    kInMemory,
    kLru,  ///< In memory, a bounded number of entries.
};

}  // namespace millrace
