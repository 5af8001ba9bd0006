// SPDX-License-Identifier: Apache-2.0

#include "millrace/core/error.hpp"
#include "millrace/detail/state/store_spec.hpp"
#include "millrace/state/store_engine.hpp"
#include "millrace/state/stores.hpp"

namespace millrace::stores {

namespace {

void check_name(const std::string& name) {
    if (name.empty()) {
        throw TopologyError("a state store needs a name");
    }
}

detail::StoreSpec spec(std::string name, StoreEngine engine) {
    check_name(name);
    detail::StoreSpec made;
    made.name = std::move(name);
    made.engine = engine;
    return made;
}

VersionedStoreSupplier versioned(std::string name, StoreEngine engine,
                                 std::chrono::milliseconds history,
                                 std::chrono::milliseconds segment_interval) {
    VersionedStoreSupplier supplier{spec(std::move(name), engine)};
    if (history.count() < 0 || segment_interval.count() < 0) {
        throw TopologyError("history and segments of a store cannot be negative: store " +
                            supplier.spec.name + ", history " + std::to_string(history.count()) +
                            " ms, segments " + std::to_string(segment_interval.count()) + " ms");
    }
    supplier.spec.retention = history;
    supplier.spec.segment_interval = segment_interval;
    return supplier;
}

WindowStoreSupplier window(std::string name, StoreEngine engine,
                           std::chrono::milliseconds retention,
                           std::chrono::milliseconds window_size, bool retain_duplicates) {
    WindowStoreSupplier supplier{spec(std::move(name), engine)};
    if (window_size.count() < 0 || retention < window_size) {
        throw TopologyError(
            "the retention of a window store cannot be shorter than its windows: store " +
            supplier.spec.name + ", retention " + std::to_string(retention.count()) +
            " ms, windows " + std::to_string(window_size.count()) + " ms");
    }
    supplier.spec.retention = retention;
    supplier.spec.window_size = window_size;
    supplier.spec.retain_duplicates = retain_duplicates;
    return supplier;
}

SessionStoreSupplier session(std::string name, StoreEngine engine,
                             std::chrono::milliseconds retention) {
    SessionStoreSupplier supplier{spec(std::move(name), engine)};
    if (retention.count() < 0) {
        throw TopologyError("the retention of a session store cannot be negative: store " +
                            supplier.spec.name + ", retention " +
                            std::to_string(retention.count()) + " ms");
    }
    supplier.spec.retention = retention;
    return supplier;
}

}  // namespace

KeyValueStoreSupplier persistent_key_value_store(std::string name) {
    return {spec(std::move(name), StoreEngine::kRocksDb)};
}

KeyValueStoreSupplier in_memory_key_value_store(std::string name) {
    return {spec(std::move(name), StoreEngine::kInMemory)};
}

KeyValueStoreSupplier lru_map(std::string name, std::size_t max_entries) {
    KeyValueStoreSupplier supplier{spec(std::move(name), StoreEngine::kLru)};
    if (max_entries == 0) {
        throw TopologyError("a bounded store must hold at least one row: store " +
                            supplier.spec.name);
    }
    supplier.spec.max_entries = max_entries;
    return supplier;
}

VersionedStoreSupplier persistent_versioned_store(std::string name,
                                                  std::chrono::milliseconds history,
                                                  std::chrono::milliseconds segment_interval) {
    return versioned(std::move(name), StoreEngine::kRocksDb, history, segment_interval);
}

VersionedStoreSupplier in_memory_versioned_store(std::string name,
                                                 std::chrono::milliseconds history,
                                                 std::chrono::milliseconds segment_interval) {
    return versioned(std::move(name), StoreEngine::kInMemory, history, segment_interval);
}

WindowStoreSupplier persistent_window_store(std::string name, std::chrono::milliseconds retention,
                                            std::chrono::milliseconds window_size,
                                            bool retain_duplicates) {
    return window(std::move(name), StoreEngine::kRocksDb, retention, window_size,
                  retain_duplicates);
}

WindowStoreSupplier in_memory_window_store(std::string name, std::chrono::milliseconds retention,
                                           std::chrono::milliseconds window_size,
                                           bool retain_duplicates) {
    return window(std::move(name), StoreEngine::kInMemory, retention, window_size,
                  retain_duplicates);
}

SessionStoreSupplier persistent_session_store(std::string name,
                                              std::chrono::milliseconds retention) {
    return session(std::move(name), StoreEngine::kRocksDb, retention);
}

SessionStoreSupplier in_memory_session_store(std::string name,
                                             std::chrono::milliseconds retention) {
    return session(std::move(name), StoreEngine::kInMemory, retention);
}

}  // namespace millrace::stores
