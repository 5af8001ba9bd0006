// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/state/store_spec.hpp"
#include "state/engine/engine.hpp"
#include "state/memtable/memtable.hpp"
#include "state/stores/row_expiry.hpp"
#include "state/stores/row_format.hpp"
#include "state/stores/store_changelog.hpp"
#include "state/stores/store_environment.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace millrace::state {

/// The layers of a store of any kind:
///
///     record cache        rows written, neither logged nor forwarded yet; only of cached stores
///     changelog           in Kafka
///     uncommitted rows    logged, to be written to the engine at the commit
///     engine              RocksDB, or memory
///
/// A write goes to the record cache, or without one to the changelog and the uncommitted rows.
/// Reads see all layers. Record cache and uncommitted rows are one table in memory. Rows have the
/// form that RowFormat describes; those of segmented stores expire.
///
/// Not thread-safe. Errors: see Engine; and the exceptions of a flush listener.
class StoreLayers final {
  public:
    StoreLayers(const detail::StoreSpec& spec, std::size_t index, StoreEnvironment& environment,
                std::unique_ptr<Engine> engine);
    ~StoreLayers();
    StoreLayers(const StoreLayers&) = delete;
    StoreLayers& operator=(const StoreLayers&) = delete;

    const detail::StoreSpec& spec() const noexcept { return spec_; }
    Engine& engine() const noexcept { return *engine_; }
    Memtable& table() noexcept { return table_; }
    RowFormat& format() noexcept { return format_; }
    StoreChangelog& changelog() noexcept { return changelog_; }
    StoreContext* context() const noexcept { return environment_.context; }

    /// Requires a segmented store.
    RowExpiry& expiry() noexcept { return *expiry_; }
    const RowExpiry& expiry() const noexcept { return *expiry_; }

    /// Whether writes stay in a record cache until they are flushed.
    bool caching() const noexcept { return caching_ && environment_.processing; }

    /// The row with that key. The view is valid until the next call.
    NullableBytes read(BytesView key) {
        const Memtable::Entry* entry = table_.find(key);
        if (entry == nullptr) [[unlikely]] {
            return read_below(key);
        }
        return readable(*entry) ? entry->value() : std::nullopt;
    }

    /// Differences of a write below the record cache from a normal one. Ignored by cached stores.
    struct Below {
        NullableBytes changelog_key{};  ///< Absent: the key without its segment.
        /// False: an expired row is not counted as dropped, either.
        bool moves_stream_time = true;
    };

    static const Below as_usual;

    /// Writes or deletes a row. Returns false if the row has expired: it is logged, but not kept.
    bool write(BytesView key, const NullableBytes& row) { return write(key, row, as_usual); }
    bool write(BytesView key, const NullableBytes& row, const Below& below) {
        return table_.walks().any() ? write_during_walk(key, row, below)
                                    : write_now(key, row, below);
    }

    /// Writes below the record cache without logging, for stores whose changelog differs from their
    /// rows.
    void write_unlogged(BytesView key, const NullableBytes& row);

    /// Moves a row that only the record cache has, like Memtable::rename_cached. Returns false
    /// without effect if the caller must delete and write instead.
    bool rename(BytesView from, BytesView to, BytesView row);

    /// Iterates over rows in their current state, whatever is written in between. Direct engines:
    /// in the state when they are reached.
    std::unique_ptr<BytesIterator> iterate(KeyRange range, RowOrder order);

    /// Whether reads return an entry of the table.
    bool readable(const Memtable::Entry& entry) const {
        // The record cache returns all its rows, expired or not, as in Kafka Streams.
        return !expiry_ || (caching() && entry.cached()) || expiry_->readable(entry.key());
    }

    std::uint64_t approximate_num_entries();

    /// Prefetches for a read of `key`, in about two calls' time.
    void prefetch(BytesView key);

    /// See detail::StoreHooks::set_flush_listener.
    bool set_flush_listener(detail::FlushListener* listener, bool send_old_values);

    /// Logs and forwards everything in the record cache.
    void flush();

    /// Evicts flushed rows from the record cache, up to the oldest entry that was not flushed.
    void evict_flushed();

    /// Writes the uncommitted rows to the engine. The caller commits the engine's database, then
    /// calls committed().
    void write_to_engine();
    void committed();
    void roll_back();
    std::size_t uncommitted_bytes() const { return table_.uncommitted_bytes(); }

    /// Removes all rows.
    void clear();

    /// Removes all rows from memory, but not from the engine: restored rows will replace those.
    /// Requires that nothing is uncommitted.
    void drop_clean_rows();

    /// Stream time, of segmented stores.
    void save(Bytes& out) const {
        if (expiry_) {
            expiry_->save(out);
        }
    }
    void load(BytesView saved) {
        if (expiry_) {
            expiry_->load(saved);
        }
    }

    /// Must be called before and after the environment's cache is replaced.
    void leave_cache();
    void join_cache();

  private:
    class Iterator;

    /// A row for the listener: copies, because the listener may write to this store.
    struct FlushedRow {
        Bytes key;
        Bytes value;
        Bytes old_value;
        Headers headers;
    };

    void expect_rows_in_engine();
    NullableBytes read_below(BytesView key);
    bool keeps_clean_rows() const;
    void keep_for_walks(BytesView key);
    bool write_during_walk(BytesView key, const NullableBytes& row, const Below& below);
    bool write_now(BytesView key, const NullableBytes& row, const Below& below);
    bool admit_and_log(BytesView key, const NullableBytes& row,
                       const detail::RecordContext& context, const Below& below);

    void flush_from(Memtable::Entry* first);
    void flush_entry(Memtable::Entry& entry, bool evicted);
    NullableBytes row_below(const Memtable::Entry& entry);
    void copy_for_listener(const Memtable::Entry& entry, const NullableBytes& old_row,
                           const detail::RecordContext& context);

    bool storable(const Memtable::Entry& entry) const {
        return !expiry_ || expiry_->storable(entry.key());
    }

    CacheBudget::Share& share() const;
    void account(std::size_t cached_before);
    void shrink();
    bool over_budget() const;
    bool evict_one();

    const detail::StoreSpec& spec_;
    StoreEnvironment& environment_;
    std::unique_ptr<Engine> engine_;
    std::optional<RowExpiry> expiry_;  // Of segmented stores.
    RowFormat format_;
    StoreChangelog changelog_;
    Memtable table_;
    std::size_t segment_size_;  // Bytes of each key before the changelog's key.
    bool caching_;
    bool flushing_ = false;
    detail::FlushListener* listener_ = nullptr;
    bool send_old_values_ = false;
    FlushedRow flushed_;
    Bytes prefetched_group_;
};

}  // namespace millrace::state
