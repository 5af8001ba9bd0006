// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "state/budget/memory_budget.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/options.h>
#include <rocksdb/write_buffer_manager.h>

#include <atomic>
#include <cstddef>
#include <memory>

namespace millrace::state {

/// The RocksDB objects that all databases of a client share. Thread-safe.
class MemoryBudget::Engine {
  public:
    explicit Engine(const Limits& limits);

    std::shared_ptr<rocksdb::Cache> block_cache;
    std::shared_ptr<rocksdb::WriteBufferManager> write_buffers;  ///< Charged to block_cache.

    const std::size_t load_run_bytes;
    const rocksdb::CompressionType compression;
    const int background_jobs;

    /// The memory that bulk loads hold together.
    std::atomic<std::size_t> load_bytes{0};

    /// Open column families of all databases.
    std::atomic<std::size_t> families{0};

    /// Whether that many memtables can be large from the start, or must start as small as possible.
    bool has_room_for(std::size_t memtables) const noexcept;
};

rocksdb::DBOptions database_options(MemoryBudget::Engine& shared, const std::string& owner);

/// For that many column families in addition to the open ones.
rocksdb::ColumnFamilyOptions store_options(MemoryBudget::Engine& shared, std::size_t families);

}  // namespace millrace::state
