// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/hash.hpp"
#include "millrace/core/bytes.hpp"
#include "millrace/core/headers.hpp"
#include "millrace/detail/state/flush_listener.hpp"
#include "state/format/window_key.hpp"
#include "state/memtable/coverage.hpp"
#include "state/memtable/hint_round.hpp"
#include "state/memtable/probing_buckets.hpp"
#include "state/memtable/record_entry.hpp"
#include "state/memtable/row_groups.hpp"
#include "state/memtable/row_memory.hpp"
#include "state/memtable/row_queue.hpp"
#include "state/memtable/walk.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace millrace::state {

/// The rows of one store that are in memory: its record cache and its uncommitted writes in one
/// hash table, keyed by bytes.
///
/// An entry can be, in any mixture,
///   - cached: part of the record cache, may be let go of when memory is short,
///   - unforwarded: written, but neither logged nor forwarded yet (implies cached),
///   - unstored: logged, but not yet in the engine.
/// One that is none of these leaves the table. An unforwarded entry also keeps the value that the
/// layers below hold for its key, where that is known: `before`.
///
///     write a1   unforwarded                       value a1, before unknown
///     flush      unstored                          value a1
///     write a2   unforwarded, unstored             value a2, before a1
///     commit     unforwarded                       value a2, before a1     (a1 went to the engine)
///
/// Values are overwritten in place where they fit, so repeated writes of a key allocate nothing.
/// Which cached entry goes first is decided by a clock hand: an entry used since the hand last came
/// by gets another round. Rows with a time that are cached only to be read go in the order in which
/// they came, so that what covers() says stays true for the latest.
///
/// Invariants: every unforwarded entry is in written(), every unstored one in unstored(), once.
/// Not thread-safe.
class RecordTable {
  public:
    using Entry = RecordEntry;

    /// `suffix_size`: of keys that have a time at their end, how long what follows the key proper
    /// is; it begins with the time. 0: keys have none.
    explicit RecordTable(std::size_t suffix_size);
    ~RecordTable();
    RecordTable(const RecordTable&) = delete;
    RecordTable& operator=(const RecordTable&) = delete;

    /// Null when there is none. Counts as a use. Entries move when their value is written.
    Entry* find(BytesView key) { return look_up(key).entry; }

    /// Hints that keys, or groups, will be looked up soon. They come in rounds: what is hinted at
    /// in one is best looked up two rounds later. By then the processor has fetched what that
    /// reads, which otherwise is most of what it costs.
    void next_hints() noexcept;
    void expect(BytesView key) noexcept;
    void expect_group(BytesView group) noexcept { groups_.expect(group); }

    /// Adds a row just read from the layers below to the cache. Requires that it has no entry.
    void remember(BytesView key, const NullableBytes& value);

    /// What write_cached is to do beside.
    struct Write {
        bool keep_before = false;    ///< Keeps the value that the layers below hold.
        bool forget_unseen = false;  ///< Removes a row at once that the layers below never had.
    };

    /// A write that stays in the cache until it is flushed. `context` is kept with it.
    void write_cached(BytesView key, const NullableBytes& value,
                      const detail::RecordContext& context, Write how) {
        const Found found = look_up(key);
        if (found.entry != nullptr && restamps(*found.entry, value, context)) [[likely]] {
            found.entry->overwrite(*value);
            stamp(*found.entry, context);
            touch(*found.entry);
        } else {
            write_cached(found, key, value, context, how);
        }
    }

    /// As a removal of `from` and then a write of `to`, with forget_unseen, if that forgets `from`
    /// and both are rows of one group. Otherwise false, and nothing is done. `from` and `to` are of
    /// the same size.
    bool rename_cached(BytesView from, BytesView to, BytesView value,
                       const detail::RecordContext& context);

    /// A write that was logged already: the entry becomes unstored.
    void write_through(BytesView key, const NullableBytes& value);

    /// Begins to flush: the unforwarded entries, in the order of their last write, are pending now,
    /// with `first` (may be null) in front. One written while it is pending keeps its place and
    /// goes with its later value. Entries left over from a flush that failed go before all.
    void begin_flush(Entry* first);

    /// The next pending entry; null when there is none, which ends the flush. Stays where it is
    /// until it is settled, if nothing is written meanwhile.
    Entry* next_pending();

    /// `entry`, taken with next_pending, was logged. `store`: its value must go to the engine;
    /// `keep`: it stays in the cache.
    void settle(Entry& entry, bool store, bool keep);

    bool flushing() const noexcept { return !pending_.empty(); }

    /// The cached entry to let go of next; null when there is none.
    Entry* victim();

    /// Takes `entry`, not unforwarded, out of the cache.
    void uncache(Entry& entry);

    /// Everything unstored, in no order.
    const std::vector<Entry*>& unstored() const noexcept { return unstored_; }

    /// What becomes of a row that was unstored.
    enum class Stored {
        kNot,      ///< The engine did not get it, as it would never be seen.
        kLeaves,   ///< Leaves the table, unless it is cached or written anew.
        kIsCached  ///< Is cached from now on.
    };

    /// Everything unstored is in the engine now, but for what `how` says is not.
    void mark_stored(const std::function<Stored(const Entry&)>& how);

    /// Forgets everything unforwarded and unstored.
    void roll_back();

    /// Forgets everything.
    void clear();

    /// Whether all rows of that time and later, of all groups or of one, which the engine has are
    /// here, too. Never when keys have no time.
    bool covers(std::int64_t time_ms) const noexcept { return coverage_.covers(time_ms); }
    bool covers(BytesView group, std::int64_t time_ms) const noexcept {
        return coverage_.covers(group, time_ms);
    }

    /// The same of a key, its group and time.
    bool covers(BytesView key) const {
        return suffix_size_ != 0 && covers(group_of(key), suffix_time_of(key, suffix_size_));
    }

    /// The engine may have rows before that time that are not here, but none since.
    void cover_from(std::int64_t time_ms) noexcept { coverage_.cover_from(time_ms); }

    /// The engine was given a row of that key that is not here. Groups are told apart where rows
    /// are found by group; elsewhere that costs more than it gains.
    void uncover(BytesView key) {
        const std::size_t groups = grouped_ ? entries() : 1;
        coverage_.uncover(group_of(key), suffix_time_of(key, suffix_size_), groups);
    }

    std::size_t entries() const noexcept { return buckets_.size(); }

    /// Calls `use` with each entry, in no order. It must not change the table.
    template <class F>
    void for_each(F use) const {
        for (const Bucket& bucket : buckets_.places()) {
            if (!bucket.empty()) {
                use(*bucket.entry);
            }
        }
    }

    /// What the cached entries weigh, as Kafka Streams counts: key, value, context and 24 bytes.
    /// Small ones take about twice that.
    std::size_t cached_bytes() const noexcept { return cached_bytes_; }
    std::size_t unstored_bytes() const noexcept { return unstored_bytes_; }
    bool has_unforwarded() const noexcept { return !written_.empty(); }

    /// The context kept with an unforwarded entry. Lives as the entry does.
    detail::RecordContext context_of(const Entry& entry) const;

    /// Entries by key. The index is made when it is first asked for.
    const EntryIndex& index();

    /// Entries whose key is `group` and a suffix, sorted; valid until an entry comes, goes or
    /// moves. Requires keys with a time. What finds them is made when first asked for.
    std::span<Entry* const> group(BytesView group);
    bool uses_groups() const noexcept { return grouped_; }

    /// Those that are to be shown what an entry was before it goes.
    Walks& walks() noexcept { return walks_; }

    /// Changes whenever an entry comes, goes or moves: positions among entries are stale then.
    std::uint64_t generation() const noexcept { return generation_; }

  private:
    struct Bucket {
        bool empty() const noexcept { return entry == nullptr; }

        Entry* entry = nullptr;
        std::uint32_t hash = 0;
        bool used = false;    // Since the clock hand last came by.
        bool cached = false;  // And not queued; here so that the hand need not look at the entry.
    };
    struct Topic {
        const std::string* name = nullptr;
        std::size_t weight = 0;
    };
    struct Found {
        Entry* entry = nullptr;
        std::uint32_t hash = 0;
    };

    BytesView group_of(BytesView key) const { return key.substr(0, key.size() - suffix_size_); }

    // A put mostly follows a get of the same key.
    Found look_up(BytesView key) {
        if (last_ != nullptr && same_bytes(last_->key(), key)) {
            return {last_, last_->hash_};
        }
        return search(key);
    }
    Found search(BytesView key);
    Bucket& bucket_of(const Entry& entry);
    void free(Entry* entry) noexcept;
    Entry* insert(BytesView key, std::uint32_t hash, const NullableBytes& value, bool cached);
    Entry* assign(Entry* entry, unsigned slot, const NullableBytes& value);
    Entry* grow(Entry* entry, unsigned slot, std::size_t size);
    Entry* move(Entry* entry, std::array<std::uint32_t, 2> capacity);
    Entry* trim(Entry* entry);
    void remove(Entry* entry);
    void forget(Entry* entry);
    static bool unseen(const Entry& entry);
    bool forget_unseen(Entry* entry, BytesView key);
    void rename(Entry* entry, BytesView key, std::uint32_t hash);
    void write_cached(Found found, BytesView key, const NullableBytes& value,
                      const detail::RecordContext& context, Write how);

    // Whether a write changes only bytes of the entry's value, its time and its place in the topic,
    // as most writes of an aggregate do.
    bool restamps(const Entry& entry, const NullableBytes& value,
                  const detail::RecordContext& context) const {
        return entry.unforwarded_ && value && value->size() == entry.size_[entry.current_] &&
               !entry.has_headers_ && topics_[entry.topic_].name == context.topic &&
               (context.headers == nullptr || context.headers->empty());
    }
    void stamp(Entry& entry, const detail::RecordContext& context) {
        entry.timestamp_ = milliseconds_of(context.timestamp);
        entry.offset_ = context.offset;
        entry.partition_ = context.partition;
    }
    // A pending entry keeps its place.
    void touch(Entry& entry) {
        if (!entry.pending_) {
            entry.written_ = ++writes_;
        }
    }
    void set_context(Entry& entry, const detail::RecordContext& context);
    std::uint16_t topic_index(const std::string* topic);
    void append_written(Entry* entry);
    void take_from_written(Entry* entry);
    void mark_unstored(Entry& entry);
    void set_cached(Entry& entry, bool cached);
    void keep_to_read(Entry& entry);
    void leave_queue(Entry& entry);
    Entry* next_of_hand();
    std::size_t cache_weight(const Entry& entry) const;
    std::size_t changing_weight(const Entry& entry) const;
    static std::size_t unstored_weight(const Entry& entry);
    void drop_headers(Entry& entry);

    RowMemory memory_;
    ProbingBuckets<Bucket> buckets_;
    HintRound hints_;
    Entry* last_ = nullptr;           // Found last; null when that may have gone.
    RowQueue queue_;                  // Cached only to be read, with a time.
    std::size_t cached_entries_ = 0;  // Others; the hand goes round those.
    std::size_t hand_ = 0;
    std::size_t cached_bytes_ = 0;
    std::size_t unstored_bytes_ = 0;
    std::uint64_t generation_ = 0;

    std::vector<Entry*> written_;  // Unforwarded and not pending.
    std::uint64_t writes_ = 0;
    std::vector<Entry*> pending_;  // Of the flush that is going on.
    std::size_t next_pending_ = 0;
    std::vector<Entry*> unstored_;

    std::vector<Topic> topics_{Topic{}};  // Of contexts. The first: none.
    std::unordered_map<const Entry*, Headers> headers_;

    EntryIndex index_;
    bool indexed_ = false;
    bool index_used_ = false;
    RowGroups groups_;
    bool grouped_ = false;
    bool groups_used_ = false;

    std::size_t suffix_size_;
    Coverage coverage_;
    Walks walks_;
};

}  // namespace millrace::state
