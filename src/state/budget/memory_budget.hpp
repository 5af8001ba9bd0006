// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace millrace::state {

/// Resources that all state of a client shares: RocksDB's block cache, write buffers and threads,
/// record caches, uncommitted writes. One object per client. Thread-safe.
class MemoryBudget {
  public:
    struct Limits {
        std::size_t cache_bytes = 10 << 20;        ///< statestore.cache.max.bytes: record caches.
        std::size_t uncommitted_bytes = 64 << 20;  ///< statestore.uncommitted.max.bytes.
        std::size_t block_cache_bytes =
            64 << 20;  ///< RocksDB's block cache; write buffers are charged to it.
        /// The part of it for all write buffers together.
        std::size_t write_buffer_bytes = 32 << 20;
        std::string compression = "none";  ///< rocksdb.compression.
        int background_jobs = 0;           ///< rocksdb.max.background.jobs; 0: one per core.

        /// statestore.flush.interval.ms: older commits are on disk, or will be soon.
        std::chrono::milliseconds flush_interval{30'000};
    };

    /// Throws StateError if RocksDB does not support the compression.
    explicit MemoryBudget(Limits limits);
    ~MemoryBudget();

    const Limits& limits() const noexcept { return limits_; }

    /// Record caches are divided evenly between the stream threads.
    void set_threads(std::size_t threads);
    std::size_t cache_bytes_per_thread() const;

    class Engine;  // The shared RocksDB objects; state/engine/rocksdb.
    Engine& engine() noexcept { return *engine_; }

  private:
    Limits limits_;
    std::atomic<std::size_t> threads_{1};
    std::unique_ptr<Engine> engine_;
};

}  // namespace millrace::state
