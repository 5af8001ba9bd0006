// SPDX-License-Identifier: Apache-2.0
#include "state/engine/rocksdb/options.hpp"

#include "core/check.hpp"
#include "core/log.hpp"
#include "core/simulator.hpp"
#include "core/thread.hpp"
#include "millrace/core/error.hpp"
#include "state/engine/rocksdb/simulated_files.hpp"

#include <rocksdb/convenience.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

namespace millrace::state {
namespace {

constexpr std::size_t kWriteBufferBytes = 16 << 20;
constexpr std::size_t kArenaBlockBytes = 64 << 10;  // The minimum size of a memtable with rows.
constexpr std::size_t kSmallArenaBlockBytes = 4 << 10;
constexpr double kFilterPart = 0.01;  // Of a memtable: 160 KiB, allocated at once.
constexpr std::size_t kFilterBytes =
    static_cast<std::size_t>(static_cast<double>(kWriteBufferBytes) * kFilterPart);
constexpr std::size_t kPartForFilters = 4;  // Of the budget for all write buffers.
constexpr std::size_t kRunBytesMin = 64 << 10;
constexpr std::size_t kRunBytesMax = 32 << 20;
constexpr double kBloomBitsPerKey = 10;

rocksdb::CompressionType compression_of(const std::string& name) {
    rocksdb::CompressionType type = rocksdb::kNoCompression;
    if (name == "lz4") {
        type = rocksdb::kLZ4Compression;
    } else if (name == "zstd") {
        type = rocksdb::kZSTD;
    } else if (name != "none") {
        throw StateError("rocksdb.compression must be none, lz4 or zstd: it is " + name);
    }
    const std::vector<rocksdb::CompressionType> known = rocksdb::GetSupportedCompressions();
    if (std::find(known.begin(), known.end(), type) == known.end()) {
        throw StateError("the RocksDB library was built without " + name +
                         ": choose another value for rocksdb.compression");
    }
    return type;
}

// As in Kafka Streams. RocksDB's own default is two for the whole process.
int jobs_of(int setting) {
    constexpr int kLeast = 2;
    return setting > 0 ? setting : std::max(Thread::cores(), kLeast);
}

// RocksDB's own log: only its errors are logged.
class ErrorLog final : public rocksdb::Logger {
  public:
    explicit ErrorLog(std::string owner)
        : rocksdb::Logger(rocksdb::InfoLogLevel::ERROR_LEVEL), owner_(std::move(owner)) {}

    using rocksdb::Logger::Logv;
    void Logv(const char* format, std::va_list arguments) override {
        char line[512];
        std::vsnprintf(line, sizeof line, format, arguments);
        log::error("state database: task " + owner_ + ": " + line);
    }

  private:
    std::string owner_;
};

}  // namespace

MemoryBudget::Engine::Engine(const Limits& limits)
    : block_cache(rocksdb::NewLRUCache(limits.block_cache_bytes, /*num_shard_bits=*/2,
                                       /*strict_capacity_limit=*/false,
                                       /*high_pri_pool_ratio=*/0.2)),
      write_buffers(
          std::make_shared<rocksdb::WriteBufferManager>(limits.write_buffer_bytes, block_cache)),
      load_run_bytes(std::clamp(limits.write_buffer_bytes, kRunBytesMin, kRunBytesMax)),
      compression(compression_of(limits.compression)),
      background_jobs(jobs_of(limits.background_jobs)) {}

bool MemoryBudget::Engine::has_room_for(std::size_t memtables) const noexcept {
    return memtables * kFilterBytes <= write_buffers->buffer_size() / kPartForFilters;
}

MemoryBudget::MemoryBudget(Limits limits)
    : limits_(limits), engine_(std::make_unique<Engine>(limits)) {}

MemoryBudget::~MemoryBudget() = default;

void MemoryBudget::set_threads(std::size_t threads) {
    MILLRACE_CHECK(threads > 0);
    threads_.store(threads, std::memory_order_relaxed);
}

std::size_t MemoryBudget::cache_bytes_per_thread() const {
    return limits_.cache_bytes / threads_.load(std::memory_order_relaxed);
}

rocksdb::DBOptions database_options(MemoryBudget::Engine& shared, const std::string& owner) {
    rocksdb::DBOptions options;
    options.create_if_missing = true;
    options.create_missing_column_families = true;
    // There is no write-ahead log (the changelog topic replaces it), so offsets and rows must be
    // flushed together.
    options.atomic_flush = true;
    options.avoid_flush_during_shutdown =
        true;  // Closing a task flushes explicitly; a deleted task need not.
    options.allow_concurrent_memtable_write = false;  // One thread writes.
    options.write_buffer_manager = shared.write_buffers;
    options.max_background_jobs = shared.background_jobs;
    options.stats_dump_period_sec = 0;
    options.stats_persist_period_sec = 0;
    options.info_log = std::make_shared<ErrorLog>(owner);
    if (simulator != nullptr) {
        options.env = simulated_files();
    }
    return options;
}

rocksdb::ColumnFamilyOptions store_options(MemoryBudget::Engine& shared, std::size_t families) {
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = shared.block_cache;
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBitsPerKey));
    table.format_version = 5;
    // Memory is limited only if these are counted, too.
    table.cache_index_and_filter_blocks = true;
    table.cache_index_and_filter_blocks_with_high_priority = true;
    table.pin_l0_filter_and_index_blocks_in_cache = true;

    rocksdb::ColumnFamilyOptions options;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    options.compression = shared.compression;
    options.compaction_style = rocksdb::kCompactionStyleUniversal;
    options.disable_auto_compactions = simulator != nullptr;  // They run on other threads.
    options.write_buffer_size = kWriteBufferBytes;
    options.max_write_buffer_number = 3;
    // RocksDB writes all memtables of a database to files if those of all databases together exceed
    // their budget. If that happened while they are almost empty, it would happen at every commit.
    const bool roomy = shared.has_room_for(shared.families.load() + families);
    options.arena_block_size = roomy ? kArenaBlockBytes : kSmallArenaBlockBytes;
    // A missing key is detected without a search: new keys are frequent.
    options.memtable_whole_key_filtering = roomy;
    options.memtable_prefix_bloom_size_ratio = roomy ? kFilterPart : 0;
    // Many runs, as after a bulk load, slow writes down until they are compacted, but never stop
    // them: a stopped write blocks a stream thread for minutes.
    options.level0_stop_writes_trigger = std::numeric_limits<int>::max();
    // Commits write their rows sorted: each search starts at the previous position instead of the
    // top. There is one position for all keys, because they have no prefix.
    options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(0));
    return options;
}

}  // namespace millrace::state
