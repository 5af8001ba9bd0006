// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/headers.hpp"
#include "millrace/state/state_store.hpp"
#include "state/key_head.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
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
/// by gets another round.
///
/// Invariants: every unforwarded entry is in written(), every unstored one in unstored(), once.
/// Not thread-safe.
class RecordTable {
  public:
    class Entry;

    RecordTable();
    ~RecordTable();
    RecordTable(const RecordTable&) = delete;
    RecordTable& operator=(const RecordTable&) = delete;

    /// Null when there is none. Counts as a use. Entries move when their value is written.
    Entry* find(BytesView key);

    /// Adds a row just read from the layers below to the cache. Requires that it has no entry.
    void remember(BytesView key, const NullableBytes& value);

    /// A write that stays in the cache until it is flushed. `context` is kept with it.
    void write_cached(BytesView key, const NullableBytes& value,
                      const detail::RecordContext& context, bool keep_before);

    /// A write that was logged already: the entry becomes unstored, and cached if `cached`.
    void write_through(BytesView key, const NullableBytes& value, bool cached);

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

    /// Everything unstored is in the engine now.
    void mark_stored();

    /// Forgets everything unforwarded and unstored.
    void roll_back();

    /// Forgets everything.
    void clear();

    std::size_t entries() const noexcept { return entries_; }

    /// What the cached entries weigh, as Kafka Streams counts: key, value, context and 24 bytes.
    std::size_t cached_bytes() const noexcept { return cached_bytes_; }
    std::size_t unstored_bytes() const noexcept { return unstored_bytes_; }
    bool has_unforwarded() const noexcept { return written_live_ != 0; }

    /// The context kept with an unforwarded entry. Lives as the entry does.
    detail::RecordContext context_of(const Entry& entry) const;

    /// An entry as it is sorted by its key.
    struct Sorted {
        explicit Sorted(Entry* of) noexcept;

        KeyHead head;
        mutable Entry* entry;  ///< May move; its key stays.
    };

    /// A key to search for among sorted entries. Must outlive this.
    struct Key {
        explicit Key(BytesView of) noexcept : head(of), bytes(of) {}

        KeyHead head;
        BytesView bytes;
    };

    class KeyLess {
      public:
        using is_transparent = void;
        bool operator()(const Sorted& left, const Sorted& right) const noexcept;
        bool operator()(const Sorted& left, const Key& right) const noexcept;
        bool operator()(const Key& left, const Sorted& right) const noexcept;
    };

    /// Entries by key. The index is made when it is first asked for.
    using Index = std::set<Sorted, KeyLess>;
    const Index& index();

    /// Changes whenever an entry comes, goes or moves: positions in the index are stale then.
    std::uint64_t generation() const noexcept { return generation_; }

  private:
    struct Bucket {
        Entry* entry = nullptr;
        std::uint32_t hash = 0;
        bool used = false;    // Since the clock hand last came by.
        bool cached = false;  // As the entry says; here so that the hand need not look there.
    };
    struct Topic {
        const std::string* name = nullptr;
        std::size_t weight = 0;
    };
    struct Found {
        Entry* entry = nullptr;
        std::uint32_t hash = 0;
    };

    Found look_up(BytesView key);
    Bucket& bucket_of(const Entry& entry);
    Entry* insert(BytesView key, std::uint32_t hash, const NullableBytes& value);
    Entry* assign(Entry* entry, unsigned slot, const NullableBytes& value);
    Entry* grow(Entry* entry, unsigned slot, std::size_t size);
    void remove(Entry* entry);
    void remove_if_idle(Entry* entry);
    void grow_buckets();
    void set_context(Entry& entry, const detail::RecordContext& context);
    std::uint16_t topic_index(const std::string* topic);
    void append_written(Entry* entry);
    void compact_written();
    void mark_unstored(Entry& entry);
    void set_cached(Entry& entry, bool cached);
    std::size_t cache_weight(const Entry& entry) const;
    static std::size_t unstored_weight(const Entry& entry);
    void drop_headers(Entry& entry);

    std::vector<Bucket> buckets_;
    Entry* last_ = nullptr;  // Found last; null when that may have gone.
    std::size_t entries_ = 0;
    std::size_t cached_entries_ = 0;
    std::size_t hand_ = 0;
    std::size_t cached_bytes_ = 0;
    std::size_t unstored_bytes_ = 0;
    std::uint64_t generation_ = 0;

    std::vector<Entry*> written_;  // By last write; null where an entry was written again later.
    std::size_t written_live_ = 0;
    std::vector<Entry*> pending_;  // Of the flush that is going on.
    std::size_t next_pending_ = 0;
    std::vector<Entry*> unstored_;

    std::vector<Topic> topics_{Topic{}};  // Of contexts. The first: none.
    std::unordered_map<const Entry*, Headers> headers_;

    Index index_;
    bool indexed_ = false;
    bool index_used_ = false;
};

/// One row. Lives in one piece of memory: this, the key, and room for two values.
class RecordTable::Entry {
  public:
    BytesView key() const noexcept { return {bytes(), key_size_}; }

    /// The value that reads see.
    NullableBytes value() const noexcept { return slot(current_); }

    /// What the layers below hold: that, if it is known, and otherwise a false `known`.
    struct Below {
        bool known;
        NullableBytes value;
    };
    Below below() const noexcept {
        if (!unforwarded_) {
            return {true, value()};
        }
        if (!has_before_) {
            return {false, std::nullopt};
        }
        return {true, slot(1U - current_)};
    }

    bool cached() const noexcept { return cached_; }
    bool unforwarded() const noexcept { return unforwarded_; }
    bool unstored() const noexcept { return unstored_; }

    /// Shows that one row takes part in a flush that is going on.
    bool pending() const noexcept { return pending_; }

  private:
    friend class RecordTable;
    static constexpr std::uint32_t kNull = 0xffffffffU;

    const char* bytes() const noexcept { return reinterpret_cast<const char*>(this + 1); }
    char* bytes() noexcept { return reinterpret_cast<char*>(this + 1); }
    char* slot_bytes(unsigned which) noexcept {
        return bytes() + key_size_ + (which == 0 ? 0 : capacity_[0]);
    }
    NullableBytes slot(unsigned which) const noexcept {
        if (size_[which] == kNull) {
            return std::nullopt;
        }
        return BytesView(bytes() + key_size_ + (which == 0 ? 0 : capacity_[0]), size_[which]);
    }

    std::uint32_t hash_ = 0;
    std::uint32_t key_size_ = 0;
    std::array<std::uint32_t, 2> size_{kNull, kNull};
    std::array<std::uint32_t, 2> capacity_{0, 0};
    std::uint32_t write_position_ = 0;     // In written_, or in pending_ while pending.
    std::uint32_t unstored_position_ = 0;  // In unstored_.
    Partition partition_ = -1;
    std::uint16_t topic_ = 0;
    std::uint8_t current_ : 1 = 0;
    std::uint8_t cached_ : 1 = 0;
    std::uint8_t unforwarded_ : 1 = 0;
    std::uint8_t unstored_ : 1 = 0;
    std::uint8_t has_before_ : 1 = 0;
    std::uint8_t pending_ : 1 = 0;
    std::uint8_t has_headers_ : 1 = 0;
    std::int64_t timestamp_ = -1;
    std::int64_t offset_ = -1;
    Index::iterator index_position_{};  // While the table is indexed.
};

inline RecordTable::Sorted::Sorted(Entry* of) noexcept : head(of->key()), entry(of) {}

inline bool RecordTable::KeyLess::operator()(const Sorted& left,
                                             const Sorted& right) const noexcept {
    return left.head != right.head ? left.head < right.head
                                   : left.entry->key() < right.entry->key();
}
inline bool RecordTable::KeyLess::operator()(const Sorted& left, const Key& right) const noexcept {
    return left.head != right.head ? left.head < right.head : left.entry->key() < right.bytes;
}
inline bool RecordTable::KeyLess::operator()(const Key& left, const Sorted& right) const noexcept {
    return left.head != right.head ? left.head < right.head : left.bytes < right.entry->key();
}

}  // namespace millrace::state
