// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/state/store_spec.hpp"
#include "state/budget/thread_cache.hpp"
#include "state/engine/engine.hpp"
#include "state/memtable/merging_iterator.hpp"
#include "state/memtable/record_table.hpp"
#include "state/stores/store_context.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>

namespace millrace::state {

/// What all stores of a task share.
struct StoreEnvironment {
    StoreContext* context = nullptr;  ///< Null while only restoring.
    ThreadCache* cache = nullptr;     ///< Never null.
    bool processing = true;           ///< False: neither cache nor change log.
};

/// The layers of one store, whatever its kind: record cache, change log, uncommitted rows, engine.
///
/// A write goes down as far as the cache, or without one to the change log and the uncommitted
/// rows. Reads see everything. Rows reach the engine in commit().
///
/// Not thread-safe. Errors: as Engine; and what a flush listener throws.
class LayeredStore {
  public:
    /// `key_prefix`: bytes of each key that neither change log nor listener sees. `time_suffix`: as
    /// of RecordTable.
    LayeredStore(const detail::StoreSpec& spec, std::size_t index, StoreEnvironment& environment,
                 std::unique_ptr<Engine> engine, std::size_t key_prefix,
                 std::size_t time_suffix = 0);
    virtual ~LayeredStore();
    LayeredStore(const LayeredStore&) = delete;
    LayeredStore& operator=(const LayeredStore&) = delete;

    /// Lets go of everything unforwarded.
    virtual void flush();

    /// Takes what was flushed out of the record cache, as far as the oldest entry that was not.
    void forget_flushed();

    /// Puts what was logged into the engine. The caller commits the engine's database, then calls
    /// committed().
    void store_changes();
    virtual void committed();
    virtual void roll_back();
    std::size_t uncommitted_bytes() const { return table_.unstored_bytes(); }

    /// One batch of the changelog, in order. Requires that nothing is uncommitted.
    virtual void restore(std::span<const ChangelogRecord> records) = 0;

    /// False when restoring reads what it has put, so that an empty store is not bulk-loaded.
    virtual bool restores_by_loading() const { return true; }

    /// Removes all rows.
    virtual void clear();

    /// To be called around a change of the environment's cache.
    void leave_cache();
    void join_cache();

    /// A hint that a record of that key is processed soon, in about two such hints' time.
    virtual void expect(BytesView key) {
        table_.next_hints();
        table_.expect(key);
    }

    Engine& engine() const noexcept { return *engine_; }
    const detail::StoreSpec& spec() const noexcept { return spec_; }

    /// State beside the rows that must survive with them; docs/formats/state-database.md.
    virtual void save(Bytes&) const {}
    virtual void load(BytesView) {}

  protected:
    /// A row reaches the store below the cache. False: it is too late for its window.
    virtual bool accept(BytesView) { return true; }

    /// False when a row, in memory or not, is not to be seen any more.
    virtual bool readable(BytesView) const { return true; }

    /// The key under which a row is logged.
    virtual BytesView logged_key(BytesView table_key) const {
        return table_key.substr(key_prefix_);
    }

    /// False when a row that waits for the commit may be forgotten instead.
    virtual bool worth_storing(BytesView) const { return true; }

    /// Rows of stores that keep headers have these in front, and, of join stores, a time; values
    /// as most users of the store know them do not. Views live until the next call.
    bool keeps_headers() const noexcept { return spec_.headers != detail::StoredHeaders::kNone; }
    NullableBytes headed_row(const NullableBytes& value, Timestamp time) {
        return value && keeps_headers() ? put_headers(*value, time) : value;
    }
    NullableBytes without_headers(const NullableBytes& row) const {
        return row && keeps_headers() ? take_headers(*row) : row;
    }

    NullableBytes read(BytesView key) {
        const RecordTable::Entry* entry = table_.find(key);
        if (entry == nullptr) [[unlikely]] {
            return read_below(key);
        }
        return visible(*entry) ? entry->value() : std::nullopt;
    }
    void write(BytesView key, const NullableBytes& value);

    /// As RecordTable::rename_cached; never without a record cache, or when nobody listens.
    bool rename(BytesView from, BytesView to, BytesView value);

    /// Writes below the cache without logging, for stores whose rows are not what they log.
    void store_row(BytesView key, const NullableBytes& value);

    /// Appends to the changelog alone.
    void log(BytesView key, const NullableBytes& value, const detail::RecordContext& context);
    void log_as_is(BytesView key, const NullableBytes& value, std::optional<Timestamp> timestamp,
                   const Headers* headers);

    /// Rows as they are now, whatever is changed before they are read. Those of engines that are
    /// direct() are read as they are then.
    std::unique_ptr<BytesIterator> iterate(KeyRange range, RowOrder order);

    /// Whether an entry of the table is to be seen.
    bool visible(const RecordTable::Entry& entry) const {
        // The record cache shows what it holds, expired or not, as Kafka Streams' does.
        return (caching() && entry.cached()) || readable(entry.key());
    }

    std::uint64_t count_entries();
    bool listen(detail::FlushListener* listener, bool send_old_values);

    bool caching() const noexcept { return caching_ && environment_.processing; }
    StoreEnvironment& environment() const noexcept { return environment_; }
    RecordTable& table() noexcept { return table_; }

    /// As a changelog record is stored. The view lives until the next call.
    NullableBytes stored_value(const ChangelogRecord& record);

  private:
    class Iterator;
    struct Letting {  // What the listener is told: copies, as it may write to this store.
        Bytes key;
        Bytes value;
        Bytes old_value;
        Headers headers;
    };

    BytesView put_headers(BytesView value, Timestamp time);
    BytesView take_headers(BytesView row) const;
    bool logs() const;
    NullableBytes read_below(BytesView key);
    void keep_for_walks(BytesView key);
    void write_during_walk(BytesView key, const NullableBytes& value);
    void write_now(BytesView key, const NullableBytes& value);
    bool write_below(BytesView key, const NullableBytes& value,
                     const detail::RecordContext& context);
    void flush_from(RecordTable::Entry* first);
    void let_go(RecordTable::Entry& entry, bool evicted);
    void tell_listener(const Letting& letting, bool has_value, bool has_old,
                       detail::RecordContext context);
    void shrink_cache();
    bool must_let_go() const;
    bool evict_one();
    bool keeps_rows() const;
    void table_changed(std::size_t cached_before);
    ThreadCache::Share& share() const;

    const detail::StoreSpec& spec_;
    std::size_t index_;
    StoreEnvironment& environment_;
    std::unique_ptr<Engine> engine_;
    std::size_t key_prefix_;
    bool caching_;
    bool timestamped_;
    bool flushing_ = false;
    RecordTable table_;
    detail::FlushListener* listener_ = nullptr;
    bool send_old_values_ = false;
    bool adds_time_;  // To rows with headers, which have one, of stores whose values have none.
    Letting letting_;
    Bytes restored_value_;
    Bytes row_;
    Headers logged_headers_;
};

}  // namespace millrace::state
