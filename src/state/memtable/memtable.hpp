// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/detail/state/flush_listener.hpp"
#include "state/format/window_key.hpp"
#include "state/memtable/cached_rows.hpp"
#include "state/memtable/complete_from.hpp"
#include "state/memtable/dirty_rows.hpp"
#include "state/memtable/entry_contexts.hpp"
#include "state/memtable/key_order.hpp"
#include "state/memtable/memtable_entry.hpp"
#include "state/memtable/row_table.hpp"
#include "state/memtable/uncommitted_rows.hpp"
#include "state/memtable/walk.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace millrace::state {

/// The rows of one store that are in memory: its record cache and its uncommitted writes in one
/// hash table, keyed by bytes.
///
/// An entry can be, in any mixture,
///   - cached: part of the record cache, evicted when memory is short,
///   - dirty: written, but neither logged nor forwarded yet (implies cached),
///   - uncommitted: logged, but not yet in the engine.
/// One that is none of these leaves the table. A dirty entry also keeps the value that the layers
/// below hold for its key, where that is known: `before`.
///
///     write a1   dirty                    value a1, before unknown
///     flush      uncommitted              value a1
///     write a2   dirty, uncommitted       value a2, before a1
///     commit     dirty                    value a2, before a1     (a1 went to the engine)
///
/// Values are overwritten in place if they fit, so repeated writes of a key do not allocate.
///
/// Its parts: RowTable finds entries by key, KeyOrder in order; DirtyRows, UncommittedRows and
/// CachedRows list the entries of each kind; EntryContexts stores the contexts of their records.
/// Each entry is in the list of each of its kinds, once.
///
/// Not thread-safe.
class Memtable {
  public:
    using Entry = MemtableEntry;

    /// `suffix_size`: for keys with a time at their end, the size of everything after the key
    /// proper; it starts with the time. 0: keys have no time.
    explicit Memtable(std::size_t suffix_size);
    ~Memtable();
    Memtable(const Memtable&) = delete;
    Memtable& operator=(const Memtable&) = delete;

    /// Null if there is none. Counts as a use.
    Entry* find(BytesView key) { return rows_.look_up(key).entry; }

    /// Prefetches keys, or groups, that will be looked up soon, in batches: keys of one batch are
    /// best looked up two batches later. Otherwise cache misses are most of the cost of a lookup.
    void next_prefetch_batch() noexcept {
        rows_.next_prefetch_batch();
        order_.next_prefetch_batch(rows_);
    }
    void prefetch(BytesView key) noexcept { rows_.prefetch(key); }
    void prefetch_group(BytesView group) noexcept { order_.prefetch_group(group); }

    /// Adds a row that was just read from the layers below to the cache. Requires that it has no
    /// entry.
    void add_clean(BytesView key, const NullableBytes& value);

    /// Additional actions of write_cached.
    struct Write {
        bool keep_before = false;    ///< Keeps the value of the layers below.
        bool remove_unseen = false;  ///< Removes a row at once if the layers below never had it.
    };

    /// A write that stays in the cache until it is flushed. `context` is stored with it.
    void write_cached(BytesView key, const NullableBytes& value,
                      const detail::RecordContext& context, Write how) {
        const RowTable::Found found = rows_.look_up(key);
        if (found.entry != nullptr && restamps(*found.entry, value, context)) [[likely]] {
            found.entry->overwrite(*value);
            EntryContexts::stamp(*found.entry, context);
            dirty_.touch(*found.entry);
        } else {
            write_cached(found, key, value, context, how);
        }
    }

    /// Like a deletion of `from` and then a write of `to`, with remove_unseen, if that removes
    /// `from` and both are rows of one group. Otherwise returns false without effect. `from` and
    /// `to` have the same size.
    bool rename_cached(BytesView from, BytesView to, BytesView value,
                       const detail::RecordContext& context);

    /// A write that was already logged: the entry becomes uncommitted.
    void write_through(BytesView key, const NullableBytes& value);

    /// Starts a flush: the dirty entries, in the order of their last write, become pending, with
    /// `first` (may be null) before them. An entry that is written while it is pending keeps its
    /// position and is flushed with its later value. Entries left from a failed flush come first.
    void begin_flush(Entry* first) { dirty_.begin_flush(first); }

    /// The next pending entry; null if there is none, which ends the flush. It does not move until
    /// flushed() is called, if nothing is written in between.
    Entry* next_pending() { return dirty_.next(); }

    /// `entry`, returned by next_pending, was logged. `uncommitted`: its value must be written to
    /// the engine; `keep`: it stays in the cache.
    void flushed(Entry& entry, bool uncommitted, bool keep);

    bool flushing() const noexcept { return dirty_.flushing(); }
    bool has_dirty() const noexcept { return !dirty_.empty(); }

    /// The next cached entry to evict or flush; null if there is none.
    Entry* eviction_candidate() { return cached_.eviction_candidate(); }

    /// Removes `entry`, which must not be dirty, from the cache.
    void evict(Entry& entry);

    /// Everything uncommitted, in no order.
    const std::vector<Entry*>& uncommitted() const noexcept { return uncommitted_.rows(); }
    std::size_t uncommitted_bytes() const noexcept { return uncommitted_.bytes(); }

    /// What happens to a row at the commit.
    enum class AtCommit {
        kNotStored,  ///< The engine did not get it, because it would never be read.
        kLeaves,     ///< Is removed from the table, unless it is cached or dirty.
        kStays       ///< Is cached from now on.
    };

    /// Everything uncommitted is in the engine now, except rows for which `how` returns otherwise.
    void committed(const std::function<AtCommit(const Entry&)>& how);

    /// Removes everything dirty and uncommitted.
    void roll_back();

    /// Removes everything.
    void clear();

    /// Whether all rows of the engine with that time or later, of all groups or of one, are also in
    /// the table. Always false if keys have no time.
    bool has_all_from(std::int64_t time_ms) const noexcept { return complete_.covers(time_ms); }
    bool has_all_from(BytesView group, std::int64_t time_ms) const noexcept {
        return complete_.covers(group, time_ms);
    }

    /// The same for a key, its group and time: a key without an entry does not exist.
    bool has_all_from(BytesView key) const {
        return suffix_size_ != 0 && has_all_from(group_of(key), suffix_time_of(key, suffix_size_));
    }

    /// The engine may have rows before that time that are not in the table, but none since.
    void set_complete_from(std::int64_t time_ms) noexcept { complete_.set(time_ms); }

    /// The engine has a row with that key that is not in the table. Groups are separate if rows are
    /// found by group; otherwise that would cost more than it gains.
    void add_missing(BytesView key) {
        const std::size_t groups = order_.uses_groups() ? entries() : 1;
        complete_.exclude(group_of(key), suffix_time_of(key, suffix_size_), groups);
    }

    std::size_t entries() const noexcept { return rows_.size(); }

    /// Calls `use` with each entry, in no order. It must not change the table.
    template <class F>
    void for_each(F use) const {
        rows_.for_each(use);
    }

    /// The size of the cached entries, counted as in Kafka Streams: key, value, context and 24
    /// bytes. Small entries use about twice that.
    std::size_t cached_bytes() const noexcept { return cached_.bytes(); }

    /// The context stored with a dirty entry. Valid as long as the entry.
    detail::RecordContext context_of(const Entry& entry) const { return contexts_.of(entry); }

    /// Entries by key. The index is created on first use.
    const EntryIndex& index() { return order_.index(rows_); }

    /// Entries whose key is `group` and a suffix, sorted; valid until an entry is added, removed or
    /// moves. Requires keys with a time. The index is created on first use.
    std::span<Entry* const> group(BytesView group);
    bool uses_groups() const noexcept { return order_.uses_groups(); }

    /// Iterators that copy an entry before it changes.
    Walks& walks() noexcept { return walks_; }

    /// Changes whenever an entry is added, removed or moves: positions among entries are outdated
    /// then.
    std::uint64_t generation() const noexcept { return order_.generation(); }

  private:
    BytesView group_of(BytesView key) const { return key.substr(0, key.size() - suffix_size_); }

    // Whether a write changes only bytes of the entry's value, its time and its position in the
    // topic, like most writes of an aggregate.
    bool restamps(const Entry& entry, const NullableBytes& value,
                  const detail::RecordContext& context) const {
        return entry.dirty_ && value && value->size() == entry.size_[entry.current_] &&
               contexts_.differs_by_stamp(entry, context);
    }

    void write_cached(RowTable::Found found, BytesView key, const NullableBytes& value,
                      const detail::RecordContext& context, Write how);
    Entry* insert(BytesView key, std::uint32_t hash, const NullableBytes& value, bool cached);
    Entry* assign(Entry* entry, unsigned slot, const NullableBytes& value);
    Entry* trim(Entry* entry);
    Entry* move(Entry* entry, std::array<std::uint32_t, 2> capacity);
    void remove(Entry* entry);
    void remove_stored(Entry* entry);
    static bool unseen(const Entry& entry);
    bool remove_unseen(Entry* entry, BytesView key);
    void rename(Entry* entry, BytesView key, std::uint32_t hash);
    void cache_clean(Entry& entry);

    RowTable rows_;
    KeyOrder order_;
    DirtyRows dirty_;
    UncommittedRows uncommitted_;
    EntryContexts contexts_;
    CachedRows cached_{rows_, contexts_};
    std::size_t suffix_size_;
    CompleteFrom complete_;
    Walks walks_;
};

}  // namespace millrace::state
