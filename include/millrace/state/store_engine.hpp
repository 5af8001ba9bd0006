// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace millrace {

/// Where a store keeps its content.
enum class StoreEngine {
    kDefault,  ///< As the setting dsl.store.suppliers says: RocksDB unless told otherwise.
    kRocksDb,
    kInMemory,
    kLru,  ///< In memory, a bounded number of entries.
};

}  // namespace millrace
